"""The box above the shop's own pay button: that it was ticked is written into the Session before it is paid."""

from storefront.core.errors import NotFound
from storefront.core.texts import marked
from storefront.payments.checkout.models import Checkout
from storefront.stripe_api.gateway import gateway


def accept(checkout: Checkout) -> None:
    """Safe to repeat.

    Raises:
        NotFound: there is no Session yet.
        StripeUnavailable, StripeRefused: it is not written, and nothing may be paid.
    """
    if checkout.checkout_session_id is None:
        raise NotFound(marked("This checkout has no form yet. Go back to your cart and start again."))
    gateway().accept_words(checkout.checkout_session_id)
