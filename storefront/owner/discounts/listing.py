"""Discounts as their owner sees them, on pages and in commands."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select

from storefront.core import clock
from storefront.core.db import db
from storefront.core.errors import NotFound, StorefrontError
from storefront.core.runtime import settings
from storefront.shop.catalog.models import Product
from storefront.shop.discounts.models import OFF_AT_STRIPE, USED_UP, DiscountMirror
from storefront.shop.discounts.queries import find_terms, list_terms
from storefront.shop.discounts.rules import Terms, Why, find_time_trouble
from storefront.shop.discounts.words import amounts_words, off_words
from storefront.stripe_api import discounts
from storefront.stripe_api.gateway import gateway


class State(StrEnum):
    RUNNING = "running"
    SCHEDULED = "scheduled"
    USED_UP = "used_up"
    ENDED = "ended"
    STOPPED = "stopped"


_STATES = {Why.NOT_YET: State.SCHEDULED, Why.USED_UP: State.USED_UP, Why.ENDED: State.ENDED}


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscountView:
    """`uses` are orders of this shop in the running mode. `products` are slugs; none are all products.

    `trouble` says why Stripe does not take it, as far as we know; empty where it does.
    """

    id: int
    code: str
    state: State
    off: str
    products: tuple[str, ...]
    minimum: str
    is_first_purchase: bool
    is_automatic: bool  # a promotion: everybody has it, and there is no link
    uses: int
    most_uses: int | None
    starts_at: datetime
    ends_at: datetime | None
    stopped_at: datetime | None
    link: str
    trouble: str

    @property
    def may_be_stopped(self) -> bool:
        return self.stopped_at is None


@dataclass(frozen=True, slots=True, kw_only=True)
class UsesAtStripe:
    """How often Stripe counted it, by asking now; `problem` says why it is not known, or that it is off there."""

    times: int | None
    problem: str = ""

    @property
    def words(self) -> str:
        counted = () if self.times is None else (f"Stripe counted {self.times}.",)
        return " ".join((*counted, *((self.problem,) if self.problem else ())))


def list_discounts() -> tuple[DiscountView, ...]:
    """Return every discount, newest first."""
    return _views(list_terms())


def get_discount(code: str) -> DiscountView:
    """Return the discount of this code that runs, or else the last that did. Raises NotFound."""
    terms = find_terms(code)
    if terms is None:
        raise NotFound(f"There is no discount {code}. `storefront discounts list` shows all of them.")
    return _views([terms])[0]


def ask_uses(code: str) -> UsesAtStripe:
    """Ask Stripe how often a discount was used, whoever sold it, in the running mode. Raises NotFound."""
    terms = find_terms(code)
    if terms is None:
        raise NotFound(f"There is no discount {code}.")
    try:
        seen, times = _ask(terms.id)
    except StorefrontError as error:
        return UsesAtStripe(times=None, problem=error.message)
    if not seen:
        return UsesAtStripe(times=None, problem="Stripe has no such code.")
    if _state(terms) is not State.RUNNING or any(one.is_active for one in seen):
        return UsesAtStripe(times=times)
    return UsesAtStripe(times=times, problem=USED_UP if any(one.is_used_up for one in seen) else OFF_AT_STRIPE)


def _ask(discount_id: int) -> tuple[list[discounts.SeenCode | discounts.SeenCoupon], int]:
    """Return what Stripe knows of, and the uses: of what it knows no more our orders count.

    Raises what Stripe raises.
    """
    known = select(DiscountMirror.promotion_code_id, DiscountMirror.coupon_id, DiscountMirror.uses).where(
        DiscountMirror.discount_id == discount_id,
        DiscountMirror.mode == settings().mode,
        DiscountMirror.account == gateway().account_id(),
    )
    rows = db.session.execute(known).all()
    asked = [(row.uses, discounts.find_at_stripe(row.promotion_code_id, row.coupon_id)) for row in rows]
    times = sum(uses if one is None else one.times_redeemed for uses, one in asked)
    return [one for _, one in asked if one is not None], times


def _views(listed: list[Terms]) -> tuple[DiscountView, ...]:
    slugs = _find_slugs({product_id for terms in listed for product_id in terms.product_ids})
    troubles = _find_troubles(terms.id for terms in listed)
    return tuple(_view(terms, slugs, troubles.get(terms.id, "")) for terms in listed)


def _find_slugs(product_ids: set[int]) -> dict[int, str]:
    rows = db.session.execute(select(Product.id, Product.slug).where(Product.id.in_(product_ids)))
    return {row.id: row.slug for row in rows}


def _find_troubles(discount_ids: Iterable[int]) -> dict[int, str]:
    """Return the newest trouble of each discount that has one."""
    rows = db.session.execute(
        select(DiscountMirror.discount_id, DiscountMirror.trouble)
        .where(
            DiscountMirror.discount_id.in_(list(discount_ids)),
            DiscountMirror.mode == settings().mode,
            DiscountMirror.trouble != "",
        )
        .order_by(DiscountMirror.id)
    )
    return {row.discount_id: row.trouble for row in rows}


def _view(terms: Terms, slugs: dict[int, str], trouble: str) -> DiscountView:
    state = _state(terms)
    return DiscountView(
        id=terms.id,
        code=terms.code,
        state=state,
        off=off_words(terms),
        products=tuple(slugs[product_id] for product_id in terms.product_ids if product_id in slugs),
        minimum=" or ".join(amounts_words(terms.minimums)),
        is_first_purchase=terms.is_first_purchase,
        is_automatic=terms.is_automatic,
        uses=terms.uses,
        most_uses=terms.most_uses,
        starts_at=terms.starts_at,
        ends_at=terms.ends_at,
        stopped_at=terms.stopped_at,
        link="" if terms.is_automatic else f"{settings().base_url}/?code={terms.code}",
        trouble=trouble if state is State.RUNNING else "",
    )


def _state(terms: Terms) -> State:
    if terms.stopped_at is not None:
        return State.STOPPED
    why = find_time_trouble(terms, clock.now())
    return State.RUNNING if why is None else _STATES[why]
