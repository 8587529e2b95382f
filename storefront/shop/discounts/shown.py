"""What prices on the shop's pages come to with the code of a visit."""

from collections.abc import Iterable
from dataclasses import dataclass

from storefront.core.texts import marked
from storefront.shop.catalog.products import OfferedEdition, ProductCard
from storefront.shop.discounts.rules import Line
from storefront.shop.discounts.visit import Offered, apply_to


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPrices:
    """`now` are prices with the code, in minor units by price id; what costs the same is not in it.

    `notice` is a sentence for the visitor; empty without a code.
    """

    code: str
    now: dict[int, int]
    notice: str
    may_be_removed: bool


def prices_of_card(card: ProductCard, offered: Offered) -> ShownPrices:
    """Return the prices of one product, bought by itself; the notice says what the code does, or why nothing."""
    now, notices = _prices(card, offered)
    said = offered.notice
    if offered.terms is not None:
        said = _is_on(offered) if now else next(iter(notices), marked("%(code)s is on.", code=offered.code))
    return ShownPrices(code=offered.code, now=now, notice=said, may_be_removed=offered.terms is not None)


def prices_of_shelf(cards: Iterable[ProductCard], offered: Offered) -> ShownPrices:
    """Return the prices of all products that are shown."""
    now: dict[int, int] = {}
    for card in cards if offered.terms is not None else ():
        now |= _prices(card, offered)[0]
    said = _is_on(offered) if offered.terms is not None else offered.notice
    return ShownPrices(code=offered.code, now=now, notice=said, may_be_removed=offered.terms is not None)


def _is_on(offered: Offered) -> str:
    return marked("%(code)s is on. You get %(off)s.", code=offered.code, off=offered.words)


def _prices(card: ProductCard, offered: Offered) -> tuple[dict[int, int], list[str]]:
    now, notices = {}, []
    for edition in card.editions if offered.terms is not None else ():
        applied = apply_to(offered, [_line(card, edition)], edition.currency)
        if applied.off_minor:
            now[edition.price_id] = edition.amount_minor - applied.off_minor
        elif edition.amount_minor:
            notices.append(applied.notice)
    return now, notices


def _line(card: ProductCard, edition: OfferedEdition) -> Line:
    return Line(product_id=card.product_id, amount_minor=edition.amount_minor, is_chosen=edition.is_chosen)
