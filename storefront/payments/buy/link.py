"""What a link to buy something asks for, held against what is sold today."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from storefront.core.errors import StorefrontError
from storefront.core.languages import show_money
from storefront.core.money import parse_money
from storefront.core.texts import marked
from storefront.payments.checkout.buy_now import NotForSale, line_of
from storefront.shop.cart.most import find_cart_too_much
from storefront.shop.cart.views import parse_number
from storefront.shop.catalog.amounts import ChosenAmount, amount_of, amount_words
from storefront.shop.catalog.models import Product, ProductState
from storefront.shop.catalog.offers import Offer, list_offers
from storefront.shop.catalog.products import get_shown_product
from storefront.shop.discounts.visit import Applied
from storefront.shop.translations.read import said


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The words of a link, as they were written; empty where it says nothing."""

    edition: str = ""
    quantity: str = ""
    currency: str = ""
    amount: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is bought. `notes` say what is not as in the link: they are read before anything goes on."""

    offer: Offer
    quantity: int
    notes: tuple[str, ...]

    @property
    def amount_minor(self) -> int:
        """Return what all of it costs, or what is suggested where the buyer chooses."""
        return self.offer.amount_minor * self.quantity

    @property
    def chosen(self) -> ChosenAmount | None:
        """Return the limits within which the buyer says how much."""
        offer = self.offer
        amount = amount_of(offer.amount_minor, offer.least_minor, offer.most_minor)
        return amount if isinstance(amount, ChosenAmount) else None

    @property
    def price_words(self) -> str:
        return amount_words(self.chosen or self.amount_minor, self.offer.currency)


class LinkRefused(StorefrontError):
    """Nothing is sold as the link says. The page of `slug` says what is; `offers` can be bought."""

    code = "link_refused"
    status = 404
    title = marked("This link can't be used")

    def __init__(self, message: str, *, product: Product, offers: Sequence[Offer] = ()) -> None:
        super().__init__(message)
        self.slug = product.slug
        self.product_name = said(product).name
        self.is_announced = product.state is ProductState.ANNOUNCED
        self.offers = offers


def read_asked(args: Mapping[str, str]) -> Asked:
    """Read the words from the query of an address."""
    return Asked(
        edition=args.get("edition", "").strip(),
        quantity=args.get("quantity", "").strip(),
        currency=args.get("currency", "").strip().lower(),
        amount=args.get("amount", "").strip(),
    )


def read_link(slug: str, asked: Asked) -> Wanted:
    """Return what a link buys, in two statements.

    One that names no currency stands on other sites from before links named it, or was typed. It sells in what its
    edition was first sold in, whatever became the shop's main one. Where that is not sold now, it goes as pages of
    the shop do: by the main one, or else the first that is.

    Raises:
        MovedPage: the product has another address by now.
        NotFound: the product is unknown, or nobody may see it.
        LinkRefused: it is not for sale, has no such edition, or nobody buys so many.
    """
    product = get_shown_product(slug)
    offers = list_offers(product, is_main_first=False)
    if not offers:
        raise _not_for_sale(product)
    named = _named(offers, asked.edition)
    if not named:
        raise _no_such_edition(product, offers)
    offer = next((one for one in named if one.currency == asked.currency), named[0])
    try:
        quantity = line_of(offer, parse_number(asked.quantity or "1")).quantity
    except NotForSale as refused:
        raise LinkRefused(refused.message, product=product, offers=[offer]) from refused
    return Wanted(offer=offer, quantity=quantity, notes=_notes(offer, asked))


def check_is_payable(wanted: Wanted, applied: Applied) -> None:
    """Raise LinkRefused where it is more than one payment can be, with what its code takes off."""
    trouble = find_cart_too_much(wanted.amount_minor - applied.off_minor, wanted.offer.currency)
    if trouble:
        raise LinkRefused(trouble, product=get_shown_product(wanted.offer.slug), offers=[wanted.offer])


def _not_for_sale(product: Product) -> LinkRefused:
    if product.state is ProductState.ANNOUNCED:
        return LinkRefused(marked("%(name)s isn't for sale yet.", name=said(product).name), product=product)
    return LinkRefused(marked("%(name)s isn't for sale right now.", name=said(product).name), product=product)


def _no_such_edition(product: Product, offers: Sequence[Offer]) -> LinkRefused:
    words = marked("%(name)s has no edition of that name.", name=said(product).name)
    return LinkRefused(words, product=product, offers=_firsts(offers))


def _named(offers: Sequence[Offer], edition: str) -> list[Offer]:
    """Return the offers of one edition, in all currencies: of its key, or its name, or the first one there is."""
    wanted = edition or offers[0].edition_key
    by_key = [offer for offer in offers if offer.edition_key == wanted]
    names = wanted.lower()
    return by_key or [offer for offer in offers if names in (offer.edition.lower(), offer.own_edition.lower())]


def _firsts(offers: Sequence[Offer]) -> list[Offer]:
    """Return each edition once."""
    return list({offer.edition_id: offer for offer in reversed(offers)}.values())[::-1]


def _notes(offer: Offer, asked: Asked) -> tuple[str, ...]:
    in_currency = "" if asked.currency in ("", offer.currency) else _other_currency(offer, asked.currency)
    return tuple(note for note in (in_currency, _about_amount(offer, asked.amount)) if note)


def _other_currency(offer: Offer, currency: str) -> str:
    return marked(
        "This has no price in %(asked)s. You pay in %(currency)s.",
        asked=currency.upper()[:3],
        currency=offer.currency.upper(),
    )


def _is_taken(minor: int, offer: Offer) -> bool:
    return minor >= (offer.least_minor or 0) and (offer.most_minor is None or minor <= offer.most_minor)


def _about_amount(offer: Offer, amount: str) -> str:
    """Say where an amount is typed: Stripe's form takes none from a link."""
    if not amount:
        return ""
    if not offer.is_chosen:
        return marked("This has a fixed price, so the amount in the link doesn't count.")
    try:
        minor = parse_money(amount, offer.currency)
    except ValueError:
        return marked("You choose what you pay on the next page. The amount in the link isn't one.")
    if not _is_taken(minor, offer):
        return marked("You choose what you pay on the next page. The amount in the link isn't possible.")
    return marked(
        "You choose what you pay on the next page. Type %(amount)s there.",
        amount=show_money(minor, offer.currency),
    )
