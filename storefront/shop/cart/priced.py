"""The cart with today's names and prices from the catalog, and the changes that need to know them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from storefront.shop.cart.cart import CartLine, CartRefused, add, set_quantity
from storefront.shop.catalog.offers import Offer, find_offers


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedLine:
    price_id: int
    product_name: str
    slug: str
    cover: str | None
    edition: str
    unit_minor: int
    quantity: int
    amount_minor: int

    @property
    def is_free(self) -> bool:
        return self.unit_minor == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedCart:
    """`currency` is empty for an empty cart. `notices` says in sentences what was left out and why."""

    lines: tuple[PricedLine, ...]
    currency: str
    total_minor: int
    notices: tuple[str, ...]

    @property
    def cart_lines(self) -> tuple[CartLine, ...]:
        return tuple(CartLine(price_id=line.price_id, quantity=line.quantity) for line in self.lines)


def price_cart(lines: Iterable[CartLine]) -> PricedCart:
    """One statement. Lines that can no longer be bought are left out with a notice."""
    wanted = tuple(lines)
    offers = find_offers(line.price_id for line in wanted)
    priced: list[PricedLine] = []
    notices: list[str] = []
    currency = ""
    for line in wanted:
        offer = offers.get(line.price_id)
        notice = _why_left_out(offer, currency)
        if offer is None or notice:
            notices.append(notice)
        else:
            currency = offer.currency
            priced.append(_price(offer, line.quantity))
    total = sum(line.amount_minor for line in priced)
    return PricedCart(lines=tuple(priced), currency=currency, total_minor=total, notices=tuple(notices))


def _why_left_out(offer: Offer | None, currency: str) -> str:
    """Return the sentence for the buyer; empty where the line stays. `currency` is empty for the first line."""
    if offer is None or not offer.is_for_sale:
        return _gone(offer)
    if currency and offer.currency != currency:
        return f"{offer.product_name} has a price in another currency: please buy it on its own."
    return ""


def add_offer(lines: tuple[CartLine, ...], new: CartLine) -> tuple[CartLine, ...]:
    """Raises CartRefused: not for sale, another currency than the cart's, or too many."""
    offers = find_offers({new.price_id, *(line.price_id for line in lines)})
    offer = offers.get(new.price_id)
    if offer is None or not offer.is_for_sale:
        raise CartRefused("This is not for sale any more.")
    _check_currency(offer, {offers[line.price_id].currency for line in lines if line.price_id in offers})
    return add(lines, new, is_free=offer.amount_minor == 0)


def _check_currency(offer: Offer, others: set[str]) -> None:
    if others - {offer.currency}:
        raise CartRefused(
            f"{offer.product_name} is sold in {offer.currency.upper()} and your cart is in "
            f"{min(others).upper()}. One payment has one currency: pay for the cart first, then add this."
        )


def set_quantities(lines: tuple[CartLine, ...], wanted: Mapping[int, int]) -> tuple[CartLine, ...]:
    """Raises CartRefused when one quantity is not possible; then none of them changes."""
    offers = find_offers(wanted)
    for price_id, quantity in wanted.items():
        offer = offers.get(price_id)
        lines = set_quantity(lines, CartLine(price_id=price_id, quantity=quantity), is_free=_is_free(offer))
    return lines


def _is_free(offer: Offer | None) -> bool:
    return offer is not None and offer.amount_minor == 0


def _price(offer: Offer, quantity: int) -> PricedLine:
    return PricedLine(
        price_id=offer.price_id,
        product_name=offer.product_name,
        slug=offer.slug,
        cover=offer.cover,
        edition=offer.edition,
        unit_minor=offer.amount_minor,
        quantity=quantity,
        amount_minor=offer.amount_minor * quantity,
    )


def _gone(offer: Offer | None) -> str:
    if offer is None:
        return "Something in your cart is no longer for sale, so we took it out."
    return f"{offer.product_name} ({offer.edition}) is no longer for sale, so we took it out of your cart."
