"""How often a discount was used: once for each order of this shop, in the transaction that makes the order."""

from sqlalchemy import update
from sqlalchemy.orm import Session

from storefront.shop.discounts.models import DiscountMirror
from storefront.stripe_api.seen import SeenDiscount


def count_use(session: Session, used: SeenDiscount) -> None:
    """Add one to what the order was bought with. A code that was made at Stripe by hand counts there alone."""
    is_used = (
        DiscountMirror.promotion_code_id == used.promotion_code_id
        if used.promotion_code_id
        else DiscountMirror.coupon_id == used.coupon_id
    )
    session.execute(update(DiscountMirror).where(is_used).values(uses=DiscountMirror.uses + 1))
