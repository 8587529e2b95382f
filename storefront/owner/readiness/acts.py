"""What an owner does on the list: a test email, and the tick that a restore was tried."""

from storefront.audit.record import record
from storefront.core import clock, tokens
from storefront.core.db import transaction
from storefront.core.queue import nudge
from storefront.core.runtime import settings
from storefront.mail import outbox
from storefront.mail.models import MailKind
from storefront.owner.readiness.answers import keep_in
from storefront.owner.readiness.models import Question


def send_test_mail(recipient: str) -> None:
    """Promise a test email; the worker sends it, and its row says what the server said."""
    about = tokens.new_token()
    with transaction() as session:
        outbox.promise(
            session,
            kind=MailKind.TEST_MAIL,
            order_id=None,
            mode=settings().mode,
            recipient=recipient,
            about=about,
            hold=False,
        )
        keep_in(session, Question.TEST_MAIL, {"about": about})
        record(session, "test_mail.sent", subject_kind="person", subject=recipient)
    nudge("outbox")


def tick_restored(by: str) -> None:
    """Keep who says when that they have tried a restore."""
    with transaction() as session:
        keep_in(session, Question.RESTORED, {"by": by})
        after = {"tried": f"{clock.now():%Y-%m-%d}"}
        record(session, "backup.restore_tried", subject_kind="backup", subject="backup", after=after)
