"""What prices on the shop's pages come to with the code of a visit, or with the promotion of the day."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from storefront.core.languages import show_day
from storefront.core.texts import marked
from storefront.shop.catalog.products import OfferedEdition, ProductCard, ProductPage
from storefront.shop.discounts.earlier_prices import find_earlier
from storefront.shop.discounts.rules import Line, Terms
from storefront.shop.discounts.visit import Applied, Offered, apply_promotion, apply_to
from storefront.shop.discounts.words import off_words


@dataclass(frozen=True, slots=True, kw_only=True)
class Promoted:
    """A price in a promotion, and the lowest of the 30 days before it; None where it was not more. Minor units."""

    now_minor: int
    was_minor: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPromotion:
    """What runs for everybody; `prices` are those that it lowers, by price id."""

    id: int
    name: str
    words: str
    ends_at: datetime | None
    prices: dict[int, Promoted]

    @property
    def has_earlier(self) -> bool:
        return any(price.was_minor for price in self.prices.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPrices:
    """`now` are prices with the code, in minor units by price id; what costs the same is not in it.

    Nor is what costs less in the promotion. `notice` is a sentence for the visitor; empty without a code.
    """

    code: str = ""
    now: dict[int, int] = field(default_factory=dict)
    notice: str = ""
    may_be_removed: bool = False
    promotion: ShownPromotion | None = None

    @property
    def promoted(self) -> dict[int, Promoted]:
        return self.promotion.prices if self.promotion else {}

    @property
    def makes_free(self) -> bool:
        return 0 in self.now.values() or any(not price.now_minor for price in self.promoted.values())


def prices_of_page(page: ProductPage, offered: Offered) -> ShownPrices:
    """Return the prices of one product, bought by itself; the notice says what the code does, or why nothing.

    Those in a promotion are in every currency.
    """
    card = page.card
    now, notices = _prices(card, offered)
    said = offered.notice
    if offered.terms is not None and not said:
        said = _is_on(offered) if now else next(iter(notices), marked("%(code)s is on.", code=offered.code))
    return ShownPrices(
        code=offered.code,
        now=now,
        notice=said,
        may_be_removed=offered.terms is not None,
        promotion=_promotion(offered.promotion, [(card, page.offers)], now, is_one=True),
    )


def prices_of_shelf(cards: Iterable[ProductCard], offered: Offered) -> ShownPrices:
    """Return the prices of all products that are shown."""
    shelf = tuple(cards)
    now: dict[int, int] = {}
    for card in shelf if offered.terms is not None else ():
        now |= _prices(card, offered)[0]
    said = offered.notice or (_is_on(offered) if offered.terms is not None else "")
    return ShownPrices(
        code=offered.code,
        now=now,
        notice=said,
        may_be_removed=offered.terms is not None,
        promotion=_promotion(offered.promotion, [(card, card.editions) for card in shelf], now),
    )


def _is_on(offered: Offered) -> str:
    return marked("%(code)s is on. You get %(off)s.", code=offered.code, off=offered.words)


def _prices(card: ProductCard, offered: Offered) -> tuple[dict[int, int], list[str]]:
    now, notices = {}, []
    for edition in card.editions if offered.terms is not None else ():
        applied = apply_to(offered, [_line(card, edition)], edition.currency)
        if applied.off_minor and applied.promotion_id is None:
            now[edition.price_id] = edition.amount_minor - applied.off_minor
        elif edition.amount_minor and applied.notice:
            notices.append(applied.notice)
    return now, notices


def _promotion(
    promotion: Terms | None,
    shown: list[tuple[ProductCard, tuple[OfferedEdition, ...]]],
    better: dict[int, int],
    *,
    is_one: bool = False,
) -> ShownPromotion | None:
    """Return what the promotion does to what is shown, where no code does more; None where it does nothing."""
    if promotion is None:
        return None
    lowered = _lower(promotion, shown, better)
    if not lowered:
        return None
    earlier = find_earlier(promotion, lowered)
    return ShownPromotion(
        id=promotion.id,
        name=promotion.code,
        words=_promotion_words(promotion, is_for_all=is_one or not promotion.product_ids),
        ends_at=promotion.ends_at,
        prices={
            price_id: Promoted(now_minor=minor, was_minor=_more(earlier.get(price_id), minor))
            for price_id, minor in lowered.items()
        },
    )


def _lower(
    promotion: Terms, shown: list[tuple[ProductCard, tuple[OfferedEdition, ...]]], better: Mapping[int, int]
) -> dict[int, int]:
    """Return the promotion's prices by their ids, where no code makes a better one."""
    return {
        edition.price_id: edition.amount_minor - applied.off_minor
        for card, editions in shown
        for edition in editions
        if edition.price_id not in better and (applied := _apply(promotion, card, edition))
    }


def _promotion_words(promotion: Terms, *, is_for_all: bool) -> str:
    """Say how much and until when. An end at midnight is of the day before."""
    off = off_words(promotion)
    if promotion.ends_at is None:
        return off
    day = show_day(promotion.ends_at - timedelta(seconds=1))
    if is_for_all:
        return marked("%(off)s until %(day)s.", off=off, day=day)
    return marked("%(off)s some products until %(day)s.", off=off, day=day)


def _apply(promotion: Terms, card: ProductCard, edition: OfferedEdition) -> Applied | None:
    return apply_promotion(promotion, (_line(card, edition),), edition.currency)


def _more(earlier_minor: int | None, now_minor: int) -> int | None:
    return earlier_minor if earlier_minor is not None and earlier_minor > now_minor else None


def _line(card: ProductCard, edition: OfferedEdition) -> Line:
    return Line(product_id=card.product_id, amount_minor=edition.amount_minor, is_chosen=edition.is_chosen)
