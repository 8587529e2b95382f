"""What prices on the shop's pages come to with the code of a visit, or with the promotion of the day."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from storefront.core.languages import show_day
from storefront.core.texts import marked
from storefront.shop.catalog.products import OfferedEdition, ProductCard, ProductPage
from storefront.shop.discounts.earlier_prices import find_earlier
from storefront.shop.discounts.rules import Line, Terms
from storefront.shop.discounts.visit import Offered, apply_promotion, apply_to
from storefront.shop.discounts.words import off_words
from storefront.shop.profile.zone import at_shop


@dataclass(frozen=True, slots=True, kw_only=True)
class Promoted:
    """A price in a promotion, and the lowest of the 30 days before it; None where it was not more. Minor units."""

    now_minor: int
    was_minor: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPromotion:
    """One that runs for everybody; `prices` are those that it lowers more than any other, by price id."""

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
    promotions: tuple[ShownPromotion, ...] = ()

    @property
    def promotion(self) -> ShownPromotion | None:
        """Return that of a product's page: all editions of a product are in the same."""
        return next(iter(self.promotions), None)

    @property
    def promoted(self) -> dict[int, Promoted]:
        return {price_id: price for each in self.promotions for price_id, price in each.prices.items()}

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
        promotions=_promotions(offered.promotions, [(card, page.offers)], now, is_one=True),
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
        promotions=_promotions(offered.promotions, [(card, card.editions) for card in shelf], now),
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


def _promotions(
    running: Sequence[Terms],
    shown: list[tuple[ProductCard, tuple[OfferedEdition, ...]]],
    better: dict[int, int],
    *,
    is_one: bool = False,
) -> tuple[ShownPromotion, ...]:
    """Return those that lower anything that is shown, where no code does more: each price by the best for it."""
    best: dict[int, Terms] = {}
    lowered: dict[int, int] = {}
    for card, edition in ((card, edition) for card, of_card in shown for edition in of_card):
        found = _find_best(running, card, edition) if edition.price_id not in better else None
        if found is not None:
            best[edition.price_id], off_minor = found
            lowered[edition.price_id] = edition.amount_minor - off_minor
    earlier = find_earlier(best)
    return tuple(
        ShownPromotion(
            id=promotion.id,
            name=promotion.code,
            words=_promotion_words(promotion, is_for_all=is_one or not promotion.product_ids),
            ends_at=promotion.ends_at,
            prices={
                price_id: Promoted(now_minor=minor, was_minor=_more(earlier.get(price_id), minor))
                for price_id, minor in lowered.items()
                if best[price_id] is promotion
            },
        )
        for promotion in running
        if promotion in best.values()
    )


def _find_best(running: Sequence[Terms], card: ProductCard, edition: OfferedEdition) -> tuple[Terms, int] | None:
    """Return what takes most off this price, with how much; of two that take the same the one that began first."""
    line = (_line(card, edition),)
    applied = [(terms, apply_promotion(terms, line, edition.currency)) for terms in running]
    off = [(terms, each.off_minor) for terms, each in applied if each is not None]
    return max(off, key=lambda pair: pair[1], default=None)


def _promotion_words(promotion: Terms, *, is_for_all: bool) -> str:
    """Say how much and until when, as a day of the shop. An end at midnight is of the day before."""
    off = off_words(promotion)
    if promotion.ends_at is None:
        return off
    day = show_day(at_shop(promotion.ends_at - timedelta(seconds=1)))
    if is_for_all:
        return marked("%(off)s until %(day)s.", off=off, day=day)
    return marked("%(off)s some products until %(day)s.", off=off, day=day)


def _more(earlier_minor: int | None, now_minor: int) -> int | None:
    return earlier_minor if earlier_minor is not None and earlier_minor > now_minor else None


def _line(card: ProductCard, edition: OfferedEdition) -> Line:
    return Line(product_id=card.product_id, amount_minor=edition.amount_minor, is_chosen=edition.is_chosen)
