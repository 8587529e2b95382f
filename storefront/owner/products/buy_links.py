"""What an owner copies to sell a product from other sites: links, buttons and the script, and what is missing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import urlencode

from storefront.core import clock
from storefront.core.db import db
from storefront.core.errors import StorefrontError
from storefront.core.runtime import absolute_url, settings
from storefront.payments.checkout.ui import HOSTED, choose_ui_mode
from storefront.shop.cart.cart import MAX_QUANTITY
from storefront.shop.catalog.amounts import amount_of, amount_words
from storefront.shop.catalog.offers import Offer, list_offers
from storefront.shop.catalog.queries import get_product
from storefront.shop.discounts.queries import clean_code, find_terms
from storefront.shop.discounts.rules import Why, find_use_trouble
from storefront.shop.discounts.words import why_words
from storefront.shop.profile.origins import allowed_origins


@dataclass(frozen=True, slots=True, kw_only=True)
class BuyLink:
    """One edition in one currency. `button` is a line of HTML, which is a link where no script runs."""

    edition: str
    currency: str
    price: str
    url: str
    button: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BuyLinks:
    """`script` is the line that every page needs once; `troubles` are sentences about what does not work yet."""

    slug: str
    name: str
    code: str
    quantity: int
    script: str
    links: tuple[BuyLink, ...]
    sites: tuple[str, ...]
    troubles: tuple[str, ...]


class LinksRefused(StorefrontError):
    code = "links_refused"
    title = "There is no such link"


def read_buy_links(slug: str, *, code: str = "", quantity: int = 1) -> BuyLinks:
    """Return the links of everything that a product is sold for, with this code and quantity in each.

    Raises:
        NotFound: no such product.
        LinksRefused: nobody buys so many.
    """
    if not 1 <= quantity <= MAX_QUANTITY:
        raise LinksRefused(f"Write a quantity from 1 to {MAX_QUANTITY}.")
    product = get_product(db.session(), slug)
    offers, code = list_offers(product), clean_code(code)
    return BuyLinks(
        slug=product.slug,
        name=product.name,
        code=code,
        quantity=quantity,
        script=f'<script src="{absolute_url("buy.overlay_script")}" async></script>',
        links=tuple(_link(offer, offers, code, quantity) for offer in offers),
        sites=allowed_origins(),
        troubles=tuple(_troubles(offers, code)),
    )


def _query(offer: Offer, offers: Sequence[Offer], code: str, quantity: int) -> str:
    """Say which edition where there are several, and always the currency.

    A currency that is the only one today need not stay that: a link without one would change its price.
    """
    of_edition = [other for other in offers if other.edition_id == offer.edition_id]
    asked = {
        "edition": offer.edition_key if len(of_edition) < len(offers) else "",
        "currency": offer.currency,
        "quantity": str(quantity) if quantity > 1 else "",
        "code": code,
    }
    return urlencode({word: text for word, text in asked.items() if text})


def _link(offer: Offer, offers: Sequence[Offer], code: str, quantity: int) -> BuyLink:
    query = _query(offer, offers, code, quantity)
    url = absolute_url("buy.link", slug=offer.slug) + (f"?{query}" if query else "")
    return BuyLink(
        edition=offer.edition,
        currency=offer.currency,
        price=amount_words(amount_of(offer.amount_minor, offer.least_minor, offer.most_minor), offer.currency),
        url=url,
        button=f'<a href="{escape(url)}" data-storefront>Buy {escape(offer.product_name)}</a>',
    )


def _troubles_of_sites() -> Iterator[str]:
    sites = allowed_origins()
    if not sites:
        yield "No site may show your checkout yet, so the button is a link. Name yours under “Other sites”."
    elif not settings().is_https and any(site.startswith("https:") for site in sites):
        yield "Your shop has no https, so browsers don't show it on a page that has. The button is a link there."


def _troubles(offers: Sequence[Offer], code: str) -> Iterator[str]:
    if not offers:
        yield "It isn't for sale, so there is no link yet. Publish it with a price first."
    if code and (why := _why_not(code)):
        yield why
    yield from _troubles_of_sites()
    if offers and choose_ui_mode(offers[:1]) == HOSTED:
        yield "It is sold on Stripe's own page, which no other site shows. The button leads the window there."


def _why_not(code: str) -> str:
    """Return why the code takes nothing off now; empty where it does."""
    terms = find_terms(code)
    if terms is not None and terms.is_automatic:
        return f"{code} applies by itself. Leave it out of the link."
    why = Why.UNKNOWN if terms is None else find_use_trouble(terms, clock.now())
    return "" if why is None else why_words(why, code, terms=terms)
