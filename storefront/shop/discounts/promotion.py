"""The promotion that runs now: read once a request, and only in a shop that has one."""

from flask import g, session

from storefront.core import clock
from storefront.shop.discounts.queries import find_promotion
from storefront.shop.discounts.rules import Terms, Why, find_time_trouble
from storefront.shop.profile.read import read_profile
from storefront.web.open_pages import changes_at

WITHOUT_KEY = "without_promotion"


def read_promotion() -> Terms | None:
    """Return the promotion that runs, for this visitor. No cache keeps the page over its beginning or end."""
    if "promotion" not in g:
        g.promotion = _find_running() if read_profile().has_promotion else None
    promotion: Terms | None = g.promotion
    return None if promotion is None or session.get(WITHOUT_KEY) == promotion.id else promotion


def go_without(promotion_id: int) -> None:
    """Show whole prices to this visitor: Stripe refused the promotion, and nobody pays what they have not seen."""
    session[WITHOUT_KEY] = promotion_id


def _find_running() -> Terms | None:
    promotion = find_promotion()
    why = Why.ENDED if promotion is None else find_time_trouble(promotion, clock.now())
    if promotion is None or why is Why.ENDED:
        return None
    changes = promotion.starts_at if why is Why.NOT_YET else promotion.ends_at
    if changes is not None:
        changes_at(changes)
    return promotion if why is None else None
