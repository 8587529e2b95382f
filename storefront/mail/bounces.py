"""Delivery reports that come back (RFC 3464): which of our emails bounced, and why.

What a report says is anybody's word. So it changes one thing only: an email that was sent counts as failed,
also where the row does not say yet that it was: a server that answers late has passed it on before.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, message_from_string
from email.message import Message
from enum import StrEnum
from itertools import chain

from sqlalchemy import select

from storefront.audit.record import record
from storefront.core import clock
from storefront.core.db import transaction
from storefront.core.errors import NotFound, StorefrontError
from storefront.core.runtime import settings
from storefront.mail.failures import BOUNCED
from storefront.mail.faults import NO_ANSWER
from storefront.mail.models import MailState, OutboxMessage

MOST_BYTES = 1024 * 1024
STATUS = re.compile(r"\b([245])\.\d{1,3}\.\d{1,3}\b")  # RFC 3463
MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,250}>")  # ours are plain ASCII; PostgreSQL refuses a NUL
ARRIVED = frozenset({"delivered", "relayed", "expanded"})  # RFC 3464
GLOBAL_STATUS = "message/global-delivery-status"  # RFC 6533: of an email that was sent with SMTPUTF8


class NoReport(StorefrontError):
    code = "no_report"
    status = 400
    title = "This is no delivery report"


class Verdict(StrEnum):
    """What became of an email. The values are printed for programs."""

    BOUNCED = "bounced"
    ALREADY = "already"  # it had failed before
    CANCELED = "canceled"  # nobody waits for it any more
    DELAYED = "delayed"  # its server tries on: nothing is changed
    ARRIVED = "arrived"  # or was passed on: nothing is changed


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """`status` is the code of RFC 3463, such as 5.1.1; empty where the report has none."""

    message_id: str
    status: str
    is_final: bool
    has_arrived: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounce:
    mail_id: int
    order_id: int | None
    verdict: Verdict
    status: str


def _action(block: Message) -> str:
    """RFC 3464: one word, and a comment may stand behind it."""
    return str(block.get("Action", "")).partition("(")[0].strip().lower()


def _has_failed(block: Message) -> bool:
    return _action(block) == "failed"


def read_report(raw: bytes) -> Report:
    """Read one message.

    Raises:
        NoReport: it is none, is too large, or does not say which email it is about.
    """
    if len(raw) > MOST_BYTES:
        raise NoReport(f"A delivery report has at most {MOST_BYTES // 1024} KB; this message is larger.")
    try:
        return _read(raw)
    except RecursionError as error:
        raise NoReport("Its parts lie too deep in one another for a delivery report.") from error


def _read(raw: bytes) -> Report:
    parts = list(message_from_bytes(raw).walk())
    blocks = list(chain.from_iterable(map(_recipients, parts)))
    if not blocks:
        raise NoReport("It has no part message/delivery-status. Pass the whole message on, with its headers.")
    message_id = next(filter(None, map(_original_id, parts)), "")
    if not message_id:
        raise NoReport("It does not say which email it is about: the Message-ID of that one is missing.")
    failed = list(filter(_has_failed, blocks))
    block = (failed or blocks)[0]
    found = STATUS.search(str(block.get("Status", "")))
    return Report(
        message_id=message_id,
        status=found[0] if found else "",
        is_final=bool(failed),
        has_arrived=ARRIVED.issuperset(map(_action, blocks)),
    )


def note_bounce(raw: bytes) -> Bounce:
    """Mark the email that a report is about as failed, if it was sent. The same report again changes nothing.

    Raises:
        NoReport: as above.
        NotFound: this shop has sent no such email in the running mode.
    """
    report = read_report(raw)
    with transaction() as session:
        row = session.scalars(
            select(OutboxMessage)
            .where(OutboxMessage.message_id == report.message_id, OutboxMessage.mode == settings().mode)
            .with_for_update()
        ).one_or_none()
        if row is None:
            raise NotFound("This shop has sent no email with the Message-ID that the report names.")
        verdict = _verdict(report, row)
        if verdict is Verdict.BOUNCED:
            row.state, row.claimed_at = MailState.FAILED, None
            row.due_at = clock.now()  # for failures: when it was given up
            row.last_error = f"{BOUNCED} ({report.status})" if report.status else BOUNCED
            after = {"status": report.status}
            record(session, "mail.bounced", subject_kind="mail", subject=f"mail {row.id}", after=after)
        return Bounce(mail_id=row.id, order_id=row.order_id, verdict=verdict, status=report.status)


def _verdict(report: Report, row: OutboxMessage) -> Verdict:
    if not report.is_final:
        return Verdict.ARRIVED if report.has_arrived else Verdict.DELAYED
    if row.state is MailState.CANCELED:
        return Verdict.CANCELED
    return Verdict.BOUNCED if _has_left(row) else Verdict.ALREADY


def _has_left(row: OutboxMessage) -> bool:
    """Tell whether its server may have taken it: the answer is awaited, or got lost at the last try."""
    if row.state in (MailState.QUEUED, MailState.PAUSED):
        return row.attempts > 0 and (row.last_error or "").startswith(NO_ANSWER)
    return row.state in (MailState.SENT, MailState.SENDING)


def _recipients(part: Message) -> Iterator[Message]:
    """Yield what a part says of each recipient; its first block is about the report itself."""
    blocks = _inner(part)
    if part.get_content_type() in ("message/delivery-status", GLOBAL_STATUS):
        # Python reads one block of the second kind, and none in Base64, which some use for the first one too.
        texts = chain.from_iterable(_text_in(part, inner).replace("\r\n", "\n").split("\n\n") for inner in blocks)
        blocks += [message_from_string(text) for text in texts]
        yield from (block for block in blocks if "Action" in block)


def _inner(part: Message) -> list[Message]:
    """Return the messages in a part. One of text is not asked: of odd character sets Python raises TypeError."""
    payload = part.get_payload() if part.is_multipart() else []
    return [inner for inner in payload if isinstance(inner, Message)]


def _text_in(part: Message, inner: Message) -> str:
    """Return what stands below the headers in a part, which RFC 6532 lets be Base64: Python does not undo that."""
    del inner["Content-Type"]  # of odd character sets Python raises what it likes
    del inner["Content-Transfer-Encoding"]
    inner["Content-Transfer-Encoding"] = str(part.get("Content-Transfer-Encoding", ""))
    decoded = inner.get_payload(decode=True)
    return decoded.decode("utf-8", "replace") if isinstance(decoded, bytes) else ""


def _original_id(part: Message) -> str:
    """Return the Message-ID of the email that came back, which the last part holds whole or in its headers."""
    if part.get_content_type() in ("message/rfc822", "message/global", "message/global-headers"):
        originals = _inner(part)
        encoded = [message_from_string(_text_in(part, inner)) for inner in originals if not inner.keys()]
        return next(filter(None, map(_id_of, originals + encoded)), "")
    if part.get_content_type() == "text/rfc822-headers":
        decoded = part.get_payload(decode=True)
        return _id_of(message_from_string(decoded.decode("latin-1"))) if isinstance(decoded, bytes) else ""
    return ""


def _id_of(original: Message) -> str:
    found = MESSAGE_ID.search(str(original.get("Message-ID", "")))
    return found[0] if found else ""
