"""A test of one email to oneself: its words as they are saved, about things that nobody bought."""

from storefront.audit.record import record
from storefront.core import tokens
from storefront.core.db import transaction
from storefront.core.email_addresses import is_address
from storefront.core.errors import StorefrontError
from storefront.core.languages import Language
from storefront.core.queue import nudge
from storefront.core.runtime import settings
from storefront.mail import outbox
from storefront.mail.models import MailKind
from storefront.shop.emails.editable import get_editable


class NoAddress(StorefrontError):
    code = "no_address"
    title = "A test needs an address"


def send_email_test(kind: str, language: Language, email: str) -> None:
    """Promise the test. The worker sends it at once.

    Raises:
        NotFound: no such email.
        NoAddress: mail cannot be sent there.
    """
    get_editable(kind)
    if not is_address(email):
        raise NoAddress(f"{email!r} is no whole email address: write one like ada@example.com.")
    with transaction() as session:
        outbox.promise(
            session,
            kind=MailKind.TEST_EMAIL,
            order_id=None,
            mode=settings().mode,
            recipient=email,
            language=language,
            about=kind,
            again=tokens.new_token(),
            hold=False,
        )
        record(session, "email_text.test_asked", subject_kind="email", subject=f"{kind}/{language}")
    nudge("outbox")
