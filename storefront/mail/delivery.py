"""Sends what is due: claim, render after `access()`, hand over, say how it ended. One holds up no other.

A server that is down, or refuses the shop's account, ends the run: the same would befall every mail. So does a
SECRET_KEY that opens no license key; one key that was changed in the database is the trouble of its mail.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from storefront.core.data_keys import DataKeySealed, SealedValueChanged
from storefront.core.db import db, end_read
from storefront.core.outlast import outlast
from storefront.core.queue import queue
from storefront.mail import outbox
from storefront.mail.faults import Doubt, MailRefused, MailServerDown
from storefront.mail.letter import Mail
from storefront.mail.models import OutboxMessage
from storefront.mail.pausing import pause
from storefront.mail.transport import send

log = logging.getLogger(__name__)

PREPARE_SECONDS = outbox.CLAIM_SECONDS / 2  # the rest of the claim is for the mail server


class NotSent(Protocol):
    """A composer's answer when the mail is not true any more."""

    @property
    def reason(self) -> str: ...

    @property
    def may_return(self) -> bool:
        """Tell whether it may be true again: its order is closed, and may open."""


Composer = Callable[[OutboxMessage], Mail | NotSent]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Prepared:
    """A mail of a claimed message; `due_at` and `attempts` are those of the claim."""

    mail: Mail
    message_id: int
    kind: str
    attempts: int
    due_at: datetime


def deliver_due(compose: Composer) -> int:
    """Deliver what is due now; return how many messages were tried. Composers come from above this package.

    A worker that was asked to stop takes no other message: it would end with one in its hands.
    """
    claimed_count = 0
    while not queue().is_stopping and (message_id := outbox.claim_next()) is not None:
        claimed_count += 1
        try:
            _deliver(message_id, compose)
        except MailServerDown as error:
            log.warning("mails do not leave", extra={"outbox": message_id, "why": str(error)})
            break
    return claimed_count


def _deliver(message_id: int, compose: Composer) -> None:
    """Whoever holds the claim outlasts an outage of the database: for all others it ends minutes later."""
    prepared = outlast(partial(_prepare, message_id, compose), seconds=PREPARE_SECONDS)
    if prepared is None:
        return
    try:
        send(prepared.mail)
    except MailServerDown as error:
        if not outlast(partial(_note_down, prepared, error), seconds=outbox.CLAIM_SECONDS):
            raise
        log.warning("mail not sent", extra={"kind": prepared.kind, "outbox": message_id, "why": str(error)})
        return
    except MailRefused as error:
        outlast(partial(_note_refusal, prepared, error), seconds=outbox.CLAIM_SECONDS)
        names = {"kind": prepared.kind, "outbox": message_id}
        log.warning("mail not sent", extra=names | {"why": str(error)})
        return
    outlast(partial(outbox.mark_sent, message_id), seconds=outbox.CLAIM_SECONDS)
    log.info("mail sent", extra={"kind": prepared.kind, "outbox": message_id})


def _prepare(message_id: int, compose: Composer) -> _Prepared | None:
    """Return None where nothing is to be sent; the message says why."""
    message = outbox.get_message(message_id)
    kind, attempts, due_at = message.kind, message.attempts, message.due_at
    if attempts > outbox.MAX_ATTEMPTS:
        # Each time its worker died, or a bug stopped it: its row says so, and it leaves the queue.
        outbox.mark_failed(message_id, attempts=attempts, error="given up", is_permanent=True)
        return None
    mail = _compose(message, compose, attempts=attempts)
    if mail is None:
        return None
    if not isinstance(mail, Mail):
        _set_aside(message, mail, due_at=due_at, attempts=attempts)
        return None
    end_read()
    return _Prepared(
        mail=mail,
        message_id=message_id,
        kind=kind,
        attempts=attempts,
        due_at=due_at,
    )


def _compose(message: OutboxMessage, compose: Composer, *, attempts: int) -> Mail | NotSent | None:
    """Return None where it cannot be written now, for a reason of its own: it is tried again as one refused.

    Raises MailServerDown: SECRET_KEY is wrong for now, and so would be for others; it is back in the queue.
    """
    message_id = message.id
    try:
        return compose(message)
    except SealedValueChanged as error:
        db.session.rollback()
        outbox.mark_failed(message_id, attempts=attempts, error=error.advice, is_permanent=False)
        return None
    except DataKeySealed as error:
        db.session.rollback()  # what was read until then
        outbox.put_back(message_id, attempts=attempts, error=error.advice)
        raise MailServerDown(error.advice) from error


def _set_aside(message: OutboxMessage, not_sent: NotSent, *, due_at: datetime, attempts: int) -> None:
    """Keep what is not true now and may be again; cancel what will never be."""
    names = {"kind": message.kind, "outbox": message.id}
    if not_sent.may_return:
        pause(message, due_at=due_at, attempts=attempts, reason=not_sent.reason)
        log.info("mail paused", extra=names)
    else:
        outbox.mark_canceled(message.id, not_sent.reason)
        log.info("mail canceled", extra=names)


def _note_down(prepared: _Prepared, error: MailServerDown) -> bool:
    """Put it back untried. Return True where others left since it met this first: then it was a try."""
    message_id, attempts = prepared.message_id, prepared.attempts
    is_its_own = error.may_be_the_mail and outbox.has_sent_since(prepared.due_at)
    if is_its_own:
        outbox.mark_failed(message_id, attempts=attempts, error=str(error), is_permanent=False)
    else:
        outbox.put_back(message_id, attempts=attempts, error=str(error))
    return is_its_own


def _note_refusal(refused: _Prepared, error: MailRefused) -> None:
    """Note a refusal. As long as no other mail leaves, it may be the account's, which the owner can mend.

    A text is given up for what left since its first try: what left before may have been the last of a limit.

    Raises:
        MailServerDown: it may be the account; the message is back in the queue.
    """
    message_id, attempts = refused.message_id, refused.attempts
    tried_for = timedelta() if error.doubt is Doubt.ACCOUNT else outbox.tried_for(attempts)
    is_unsure = error.doubt is not Doubt.NONE and not outbox.has_sent_since(refused.due_at - tried_for)
    if is_unsure and error.doubt is Doubt.ACCOUNT:
        outbox.put_back(message_id, attempts=attempts, error=str(error))
        raise MailServerDown(str(error)) from error
    is_permanent = error.is_permanent and not is_unsure
    outbox.mark_failed(message_id, attempts=attempts, error=str(error), is_permanent=is_permanent)
