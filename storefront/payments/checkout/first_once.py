"""A discount on a first purchase is in one open Session of a browser: of two that are paid one is no first."""

from sqlalchemy import select

from storefront.core import clock
from storefront.core.db import db
from storefront.core.runtime import settings
from storefront.orders.models import Order
from storefront.payments.checkout.models import Checkout
from storefront.payments.checkout.rows import browser_hash, note_closed
from storefront.shop.discounts.models import Discount
from storefront.stripe_api.gateway import gateway


def close_beside(token: str, *, browser: str) -> str | None:
    """Close what else this browser has open with a discount on a first purchase, also of other codes and its cart.

    Returns the id of a Session that is paid, or being paid; None where nothing is beside this checkout any more.
    """
    for session_id in _find_beside(token, browser):
        if not gateway().close_checkout(session_id):
            return session_id
        note_closed(session_id)  # so that what begins next does not ask Stripe for it once more
    return None


def _find_beside(token: str, browser: str) -> list[str]:
    rows = db.session.scalars(
        select(Checkout.checkout_session_id)
        .join(Discount, Discount.id == Checkout.discount_id)
        .outerjoin(Order, Order.checkout_session_id == Checkout.checkout_session_id)
        .where(
            Checkout.browser_hash == browser_hash(browser),
            Checkout.mode == settings().mode,
            Checkout.token != token,
            Checkout.expires_at > clock.now(),
            Discount.is_first_purchase,
            Order.id.is_(None),
        )
        .order_by(Checkout.id)
    )
    return [str(session_id) for session_id in rows]
