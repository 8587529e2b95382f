"""A key that Stripe does not take at all: the pass ends with that, and its owner is told once."""

from storefront.core.db import transaction
from storefront.core.errors import StripeRefused, StripeUnavailable
from storefront.orders.notices import NoticeDraft, NoticeKind, settle_notices
from storefront.stripe_api.refusals import NO_KEY

TEXT = (
    "Stripe does not accept STRIPE_SECRET_KEY any more, so nothing can be sold and what was paid waits: put the "
    "new key into the settings, restart web server and worker, then run `storefront reconcile`."
)


class KeyRefused(StripeUnavailable):
    """Nothing can be read. What was paid is found by the first pass with a good key."""

    code = "key_refused"

    def __init__(self) -> None:
        super().__init__("Stripe does not accept STRIPE_SECRET_KEY: put the new key into the settings")


def end_without_key(error: StripeRefused) -> None:
    """Raises KeyRefused: the key itself is what Stripe refuses, so it would refuse everything else."""
    if error.stripe_code == NO_KEY:
        raise KeyRefused from error


def tell_key(*, is_refused: bool) -> None:
    """Open the owner's notice, or close it."""
    draft = NoticeDraft(kind=NoticeKind.KEY_REFUSED, subject="STRIPE_SECRET_KEY", text=TEXT)
    with transaction() as session:
        # A pass that ended knows: what was called done is news when another key is refused.
        settle_notices(session, [draft] if is_refused else [], kinds=(NoticeKind.KEY_REFUSED,), forgets_done=True)
