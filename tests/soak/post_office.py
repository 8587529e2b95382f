"""An SMTP server that keeps every email, and misbehaves as it is told."""

import asyncio
import email
import email.policy
import time
from dataclasses import dataclass, field
from email.message import EmailMessage

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.soak.letter import Letter

HOST = "127.0.0.1"


@dataclass(slots=True)
class Orders:
    """How many of the next emails suffer what; `holds` until it is false again."""

    refuse: list[str] = field(default_factory=list)  # the answers to the next ones
    lose_answers: int = 0
    holds: bool = False


class _Handler:
    """Called by aiosmtpd; `handle_DATA` is its name."""

    def __init__(self, orders: Orders, kept: list[Letter]) -> None:
        self.orders = orders
        self.kept = kept

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        if self.orders.holds:
            return await self._hold(server)
        if self.orders.refuse:
            return self.orders.refuse.pop(0)
        is_answered = self.orders.lose_answers <= 0
        self.kept.append(read_letter(envelope.original_content or b"", envelope.rcpt_tos, is_answered=is_answered))
        if is_answered:
            return "250 2.0.0 Taken"
        self.orders.lose_answers -= 1
        return _hang_up(server)

    async def _hold(self, server: SMTP) -> str:
        while self.orders.holds:  # noqa: ASYNC110 - set by another thread
            await asyncio.sleep(0.05)
        return _hang_up(server)


def _hang_up(server: SMTP) -> str:
    if server.transport is not None:
        server.transport.close()
    return "421 4.3.2 Closing"


def read_letter(raw: bytes, recipients: list[str], *, is_answered: bool) -> Letter:
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    text = message.get_body(preferencelist=("plain",))
    return Letter(
        message_id=str(message["Message-ID"]),
        to=recipients[0],
        subject=str(message["Subject"]),
        text=text.get_content() if text is not None else "",
        at=time.time(),
        is_answered=is_answered,
    )


class PostOffice:
    def __init__(self, port: int) -> None:
        self.port = port
        self.orders = Orders()
        self.letters: list[Letter] = []
        self._controller: Controller | None = None

    def open(self) -> None:
        if self._controller is None:
            self._controller = Controller(_Handler(self.orders, self.letters), hostname=HOST, port=self.port)
            self._controller.start()

    def close(self) -> None:
        """From now on nobody answers at all."""
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    def behave(self) -> None:
        self.orders.refuse.clear()
        self.orders.lose_answers = 0
        self.orders.holds = False
        self.open()
