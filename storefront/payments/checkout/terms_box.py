"""Whether Stripe shows the box that buyers tick: it refuses while the account has no address of terms."""

import logging
from datetime import datetime, timedelta

from storefront.core import clock
from storefront.core.db import end_read, transaction
from storefront.core.runtime import Part
from storefront.orders.notices import NoticeDraft, NoticeKind, settle_notices
from storefront.shop.pages.consent import find_terms_url

log = logging.getLogger(__name__)

PUBLIC_DETAILS = "https://dashboard.stripe.com/settings/public"
# Whether a notice may be open, as far as this process knows: at its start it does not, so the first box asks.
MAY_BE_OPEN = Part[bool]("notice about the box", lambda: True)
REFUSED_FOR = timedelta(minutes=5)  # so that not every checkout costs one more call
REFUSED_AT = Part[datetime | None]("refusal of the box", lambda: None)


def may_be_shown() -> bool:
    """Return False for a while after Stripe refused the box to this process: it would refuse it again."""
    refused_at = REFUSED_AT.get()
    return refused_at is None or clock.now() - refused_at > REFUSED_FOR


def tell_refused() -> None:
    """Say in the log and in the owner's list what is missing. The sale goes on without the box."""
    log.warning("stripe shows no box for consent: the account has no terms url")
    address = find_terms_url() or "the address of your terms"
    text = (
        "Buyers are asked to agree to immediate delivery, and Stripe shows no box to tick: your account has no "
        f"terms of service URL. Enter {address} at {PUBLIC_DETAILS}. Until then the words stand above the pay "
        "button, where nobody has to tick anything."
    )
    end_read()
    with transaction() as session:
        draft = NoticeDraft(kind=NoticeKind.TERMS_URL_MISSING, subject="account", text=text)
        settle_notices(session, [draft], kinds=[NoticeKind.TERMS_URL_MISSING])
    MAY_BE_OPEN.set(True)
    REFUSED_AT.set(clock.now())


def tell_shown() -> None:
    """Close the notice, once in each process that may have opened it."""
    REFUSED_AT.set(None)
    if not MAY_BE_OPEN.get():
        return
    end_read()
    with transaction() as session:
        settle_notices(session, [], kinds=[NoticeKind.TERMS_URL_MISSING], forgets_done=True)
    MAY_BE_OPEN.set(False)
