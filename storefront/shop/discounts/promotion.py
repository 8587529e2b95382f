"""The promotions that run now: read once a request, and only in a shop that has one."""

from collections.abc import Iterator

from flask import g, session

from storefront.core import clock
from storefront.shop.discounts.queries import list_promotions
from storefront.shop.discounts.rules import Terms
from storefront.shop.profile.read import read_profile
from storefront.web.open_pages import changes_at

WITHOUT_KEY = "without_promotion"


def read_promotions() -> tuple[Terms, ...]:
    """Return the promotions that run, for this visitor. No cache keeps the page over a beginning or an end."""
    if "promotions" not in g:
        g.promotions = tuple(_find_running()) if read_profile().has_promotion else ()
    without = _without()
    return tuple(promotion for promotion in g.promotions if promotion.id not in without)


def go_without(promotion_id: int) -> None:
    """Show prices without it to this visitor: Stripe refused it, and nobody pays what they have not seen."""
    session[WITHOUT_KEY] = sorted({*_without(), promotion_id})


def _without() -> set[int]:
    kept = session.get(WITHOUT_KEY, [])
    return set(kept) if isinstance(kept, list) else {kept}


def _find_running() -> Iterator[Terms]:
    now = clock.now()
    for promotion in list_promotions(now):
        is_running = promotion.starts_at <= now
        changes = promotion.ends_at if is_running else promotion.starts_at
        if changes is not None:
            changes_at(changes)
        if is_running:
            yield promotion
