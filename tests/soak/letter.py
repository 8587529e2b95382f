"""An email as its reader has it, and whether its sender was told so."""

import re
from dataclasses import dataclass

KINDS = {
    "receipt": r"Your license keys? for |Your order \S+ from ",
    "waiting": r"Your order \S+: payment pending",
    "failed": r"Your payment for order \S+ didn't go through",
    "refunded": r"Refunded: ",
    "gift": r".* sent you a gift from ",
    "dispute": r"(Dispute|Inquiry): ",
    "fraud": r"Early fraud warning ",
    "report": r".*",
}
ORDER_PAGE = re.compile(r"/orders/[0-9a-f]{32}")
DOWNLOAD = re.compile(r"/downloads/[0-9a-z]+/\d+/[^\s\"<?]+")
KEY = re.compile(r"\b[A-Z]{4}(?:-[0-9A-Z]{5}){4}\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """`at` in Unix seconds. `is_answered`: the server said that it has it."""

    message_id: str
    to: str
    subject: str
    text: str
    at: float
    is_answered: bool

    @property
    def kind(self) -> str:
        return next(kind for kind, words in KINDS.items() if re.match(words, self.subject))
