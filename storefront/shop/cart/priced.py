"""The cart with today's names and prices from the catalog, and the changes that need to know them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from storefront.core.config.checkout_ui import CheckoutUi
from storefront.core.languages import show_money
from storefront.core.texts import marked
from storefront.shop.cart.cart import MAX_QUANTITY, CartLine, CartRefused, add, set_quantity
from storefront.shop.catalog.offers import Offer, find_newer, find_offers, find_prices_in
from storefront.shop.discounts.rules import Line


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedLine:
    price_id: int
    product_id: int
    product_name: str
    slug: str
    edition: str
    unit_minor: int
    quantity: int
    amount_minor: int
    checkout_ui: CheckoutUi | None  # where it is paid; None: as the shop
    is_chosen: bool
    edition_id: int
    is_bundle: bool
    has_pool: bool  # a buyer may have to wait for a key

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
    """Return the cart with today's prices, in one statement, and one more where something changed.

    What costs something else now stays, with a notice; what can no longer be bought is left out with one. An old
    price and the one that took its place are one line, as the cookie holds a price once.
    """
    wanted = tuple(lines)
    offers = find_offers(line.price_id for line in wanted)
    newer = find_newer(offer for offer in offers.values() if not offer.is_for_sale)
    priced: dict[int, PricedLine] = {}
    notices: list[str] = []
    currency = ""
    for line in wanted:
        offer = newer.get(line.price_id) or offers.get(line.price_id)
        notice = _why_left_out(offer, currency)
        if offer is None or notice:
            notices.append(notice)
        else:
            if line.price_id in newer:
                notices.append(_costs_now(offer))
            currency = offer.currency
            priced[offer.price_id] = _price_more(offer, line.quantity, priced.get(offer.price_id))
    lines_now = tuple(priced.values())
    total = sum(line.amount_minor for line in lines_now)
    return PricedCart(lines=lines_now, currency=currency, total_minor=total, notices=tuple(notices))


def as_lines(lines: Iterable[PricedLine]) -> tuple[Line, ...]:
    """Return what a discount needs to know of them."""
    return tuple(
        Line(product_id=line.product_id, amount_minor=line.amount_minor, is_chosen=line.is_chosen)
        for line in lines
    )


def _possible(offer: Offer, quantity: int) -> int:
    return 1 if _is_free(offer) else min(quantity, MAX_QUANTITY)


def _price_more(offer: Offer, quantity: int, held: PricedLine | None) -> PricedLine:
    held_quantity = held.quantity if held is not None else 0
    return _price(offer, _possible(offer, held_quantity + quantity))


def price_as_opened(lines: Iterable[CartLine]) -> PricedCart:
    """Return what a checkout that is open charges: its own prices, whatever the things cost by now."""
    wanted = tuple(lines)
    offers = find_offers(line.price_id for line in wanted)
    priced = tuple(_price(offers[line.price_id], line.quantity) for line in wanted if line.price_id in offers)
    return PricedCart(
        lines=priced,
        currency=offers[priced[0].price_id].currency if priced else "",
        total_minor=sum(line.amount_minor for line in priced),
        notices=(),
    )


def _why_left_out(offer: Offer | None, currency: str) -> str:
    """Return the sentence for the buyer; empty where the line stays. `currency` is empty for the first line."""
    if offer is None or not offer.is_for_sale:
        return _gone(offer)
    if offer.is_chosen:
        return _is_bought_alone(offer)
    if currency and offer.currency != currency:
        return marked(
            "%(product_name)s has a price in another currency: please buy it on its own.",
            product_name=offer.product_name,
        )
    return ""


def add_offer(lines: tuple[CartLine, ...], new: CartLine) -> tuple[CartLine, ...]:
    """Return the cart with one thing more.

    Who adds a price in another currency has chosen that one: the whole cart changes to it, where everything in it
    is sold in it.

    Raises:
        CartRefused: not for sale, another currency than something in the cart can be had in, or too many.
    """
    offers = find_offers({new.price_id, *(line.price_id for line in lines)})
    offer = _get_addable(offers.get(new.price_id))
    held = [offers[line.price_id] for line in lines if line.price_id in offers]
    if {other.currency for other in held} - {offer.currency}:
        lines = _in_currency_of(offer, lines, offers, held)
    return add(lines, new, is_free=offer.amount_minor == 0)


def _get_addable(offer: Offer | None) -> Offer:
    """Raises CartRefused."""
    if offer is None or not offer.is_for_sale:
        raise CartRefused(marked("This is not for sale any more."))
    if offer.is_chosen:
        raise CartRefused(_is_bought_alone(offer))
    return offer


def _in_currency_of(
    offer: Offer, lines: tuple[CartLine, ...], offers: Mapping[int, Offer], held: list[Offer]
) -> tuple[CartLine, ...]:
    """Return the same things at their prices in the currency of this offer."""
    prices = find_prices_in((other.edition_id for other in held), offer.currency)
    changed: dict[int, CartLine] = {}
    for line in lines:
        edition_id = offers[line.price_id].edition_id if line.price_id in offers else None
        if edition_id not in prices:
            raise _in_two_currencies(offer, held)
        price_id = prices[edition_id]
        quantity = changed[price_id].quantity + line.quantity if price_id in changed else line.quantity
        changed[price_id] = CartLine(price_id=price_id, quantity=min(quantity, MAX_QUANTITY))
    return tuple(changed.values())


def _in_two_currencies(offer: Offer, held: Iterable[Offer]) -> CartRefused:
    return CartRefused(
        marked(
            "%(product_name)s is sold in %(currency)s and your cart is in %(other)s. One payment has "
            "one currency: pay for the cart first, then add this.",
            product_name=offer.product_name,
            currency=offer.currency.upper(),
            other=min(other.currency for other in held).upper(),
        )
    )


def as_held(lines: tuple[CartLine, ...], bought: tuple[CartLine, ...]) -> tuple[CartLine, ...]:
    """Return what was bought at the prices that the cart holds the same editions at: they may have changed since.

    No statement where it holds all of it as it was bought.
    """
    held_ids = {line.price_id for line in lines}
    other_ids = {line.price_id for line in bought} - held_ids
    if not lines or not other_ids:
        return bought
    offers = find_offers(held_ids | other_ids)
    held = {offer.edition_id: price_id for price_id, offer in offers.items() if price_id in held_ids}
    others = [offer for price_id, offer in offers.items() if price_id in other_ids]
    now = {offer.price_id: held.get(offer.edition_id, offer.price_id) for offer in others}
    return tuple(replace(line, price_id=now.get(line.price_id, line.price_id)) for line in bought)


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
        product_id=offer.product_id,
        product_name=offer.product_name,
        slug=offer.slug,
        edition=marked("Upgrade to %(edition)s", edition=offer.edition) if offer.is_upgrade else offer.edition,
        unit_minor=offer.amount_minor,
        quantity=quantity,
        amount_minor=offer.amount_minor * quantity,
        checkout_ui=offer.checkout_ui,
        is_chosen=offer.is_chosen,
        edition_id=offer.edition_id,
        is_bundle=offer.is_bundle,
        has_pool=offer.has_pool,
    )


def _is_bought_alone(offer: Offer) -> str:
    return marked(
        "You choose what you pay for %(product_name)s (%(edition)s), so it is bought by itself "
        "and not with a cart: press Buy now on its page.",
        product_name=offer.product_name,
        edition=offer.edition,
    )


def _costs_now(offer: Offer) -> str:
    amount = show_money(offer.amount_minor, offer.currency)
    return marked(
        "The price of %(product_name)s (%(edition)s) has changed: it is %(amount)s now.",
        product_name=offer.product_name,
        edition=offer.edition,
        amount=amount,
    )


def _gone(offer: Offer | None) -> str:
    if offer is None:
        return marked("Something in your cart is no longer for sale, so we took it out.")
    return marked(
        "%(product_name)s (%(edition)s) is no longer for sale, so we took it out of your cart.",
        product_name=offer.product_name,
        edition=offer.edition,
    )
