"""Payment Links: an address that sells our prices without a cart, fulfilled like any other Session."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from storefront.audit.record import record
from storefront.core import clock, tokens
from storefront.core.db import db, transaction
from storefront.core.errors import (
    NotFound,
    StorefrontError,
    StripeFault,
    StripeMissing,
    StripeRefused,
    StripeWantsTerms,
)
from storefront.core.referrers import LONGEST, clean_name
from storefront.core.runtime import settings
from storefront.payments.checkout import terms_box
from storefront.payments.checkout.session_body import build_link_body
from storefront.shop.cart.cart import CartLine
from storefront.shop.catalog import mirrors
from storefront.shop.catalog.models import Edition, Price, Product
from storefront.shop.catalog.own_sessions import is_marked
from storefront.shop.catalog.queries import by_currency, is_for_sale
from storefront.shop.pages.consent import read_checkout_words
from storefront.stripe_api.payment_links import (
    close_payment_link,
    create_payment_link,
    get_payment_link,
    list_payment_links,
)
from storefront.stripe_api.seen import SeenLink

MAX_LINES = 20  # https://docs.stripe.com/api/payment-link/create, line_items


class LinkRefused(StorefrontError):
    code = "link_refused"
    title = "No link was made"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Offer:
    price_id: int
    name: str  # as the owner types it: `twinspot/Team`
    amount_minor: int
    is_chosen: bool
    currency: str

    def is_named(self, name: str) -> bool:
        """By its id, its name with or without the currency, or the product's slug alone."""
        if name.isascii() and name.isdigit():
            return self.price_id == int(name)
        own = self.name.lower()
        return name.strip().lower() in (own, f"{own}/{self.currency}", own.partition("/")[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class _LinkWish:
    price_ids: list[int]
    quantity: int
    adjustable: bool
    referrer: str


def create_link(names: Sequence[str], *, quantity: int = 1, adjustable: bool = False, ref: str = "") -> SeenLink:
    """Create a link with a line for each of `names`: `slug`, `slug/Edition`, `slug/Edition/eur` or a price id.

    The same one for a day. `ref` is what its orders say of where their buyers came from.

    Raises:
        LinkRefused: a name nobody knows, nothing to pay, or prices that do not go together.
        StripeUnavailable, StripeRefused: Stripe's own.
    """
    referrer = _read_ref(ref)
    offers = [_get_offer(name) for name in names]
    _check(offers)
    _check_chosen(offers, quantity=quantity, adjustable=adjustable)
    wish = _LinkWish(
        price_ids=[offer.price_id for offer in offers],
        quantity=quantity,
        adjustable=adjustable,
        referrer=referrer,
    )
    link = _create_with_mirrors(wish)
    lines = {"prices": [offer.name for offer in offers], "quantity": quantity, "adjustable": adjustable}
    lines |= {"ref": referrer} if referrer else {}
    _record("payment_link.created", link, lines)
    return link


def _read_ref(ref: str) -> str:
    """Raises LinkRefused."""
    name = clean_name(ref)
    if ref and not name:
        raise LinkRefused(f"A ref has up to {LONGEST} letters, digits, dots and hyphens, like spring-letter.")
    return name


def _create_with_mirrors(wish: _LinkWish) -> SeenLink:
    """Where Stripe knows a mirror no more, all are made anew."""
    try:
        return _create(wish, remake="")
    except StripeMissing as error:
        mirrors.forget_mirrors(wish.price_ids)
        remake = hashlib.sha256(str(error).encode()).hexdigest()[:16]
        return _create(wish, remake=remake)


def _record(verb: str, link: SeenLink, lines: dict[str, Any]) -> None:
    """Stripe has the link, so the entry has a transaction of its own."""
    with transaction() as session:
        record(session, verb, subject_kind="payment_link", subject=link.id, after={"url": link.url} | lines)


def _create(wish: _LinkWish, *, remake: str, has_box: bool = True) -> SeenLink:
    body = build_link_body(
        settings(),
        shop_id=mirrors.shop_id(),
        lines=[CartLine(price_id=price_id, quantity=wish.quantity) for price_id in wish.price_ids],
        mirrors=mirrors.ensure_mirrors(wish.price_ids, remake=remake),
        adjustable=wish.adjustable,
        words=read_checkout_words(),
        referrer=wish.referrer,
        has_box=has_box,
    )
    content = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:24]
    key = f"link:{clock.now():%Y%m%d}:{content}"
    try:
        link = _create_once(body, key=key)
    except StripeWantsTerms:
        terms_box.tell_refused()
        return _create(wish, remake=remake, has_box=False)
    # Stripe replays what it answered first, also for a link that was closed since.
    while not get_payment_link(link.id).is_active:
        link = _create_once(body, key=f"{key}:{link.id}")
    return link


def _create_once(body: dict[str, Any], *, key: str) -> SeenLink:
    try:
        return create_payment_link(body, idempotency_key=key)
    except (StripeFault, StripeRefused):
        # Stripe replays a stored 500, and a no, for a day; a twin link would harm nobody.
        return create_payment_link(body, idempotency_key=f"{key}:{tokens.new_token()}")


def _check(offers: list[_Offer]) -> None:
    if len(offers) > MAX_LINES:
        raise LinkRefused(f"A Payment Link has at most {MAX_LINES} lines; these are {len(offers)}.")
    twice = _find_twice(offers)
    if twice:
        raise LinkRefused(f"{min(twice)} is named twice. Name it once, with --quantity.")
    currencies = sorted({offer.currency.upper() for offer in offers})
    if len(currencies) > 1:
        raise LinkRefused(f"One payment has one currency, and these are in {' and '.join(currencies)}.")
    if all(offer.amount_minor == 0 for offer in offers):
        raise LinkRefused("There is nothing to pay: link to the product's page instead.")


def _check_chosen(offers: list[_Offer], *, quantity: int, adjustable: bool) -> None:
    """Stripe sells what the buyer chooses the amount of alone and once."""
    name = next((offer.name for offer in offers if offer.is_chosen), None)
    if name and (len(offers) > 1 or quantity > 1 or adjustable):
        raise LinkRefused(
            f"Buyers choose what they pay for {name}: a link sells it alone, once, without --quantity."
        )


def _find_twice(offers: list[_Offer]) -> set[str]:
    counts = Counter(offer.price_id for offer in offers)
    return {offer.name for offer in offers if counts[offer.price_id] > 1}


def _get_offer(name: str) -> _Offer:
    """One price that is for sale; a product with several wants its edition named."""
    offers = _read_offers()
    named = [offer for offer in offers if offer.is_named(name)]
    if len(named) == 1:
        return named[0]
    if named:
        raise LinkRefused(f"{name} has several prices. Name one: {_list_names(named, offers)}.")
    raise LinkRefused(f"{name} is not for sale. What is: {_list_names(offers, offers) or 'nothing yet'}.")


def _list_names(some: list[_Offer], offers: list[_Offer]) -> str:
    """Name the currency, too, of what is sold in several."""
    names = Counter(offer.name for offer in offers)
    return ", ".join(f"{offer.name}/{offer.currency}" if names[offer.name] > 1 else offer.name for offer in some)


def _read_offers() -> list[_Offer]:
    rows = db.session.execute(
        select(
            Price.id,
            Edition.name.label("edition"),
            Price.amount_minor,
            Price.least_minor,
            Price.currency,
            Product.slug,
        )
        .join(Edition, Edition.id == Price.edition_id)
        .join(Product, Product.id == Edition.product_id)
        .where(is_for_sale())
        .order_by(Product.position, Product.id, Edition.position, Edition.id, by_currency())
    )
    return [
        _Offer(
            price_id=row.id,
            name=f"{row.slug}/{row.edition}" if row.edition else row.slug,
            amount_minor=row.amount_minor,
            is_chosen=row.least_minor is not None,
            currency=row.currency,
        )
        for row in rows
    ]


def list_links() -> list[SeenLink]:
    """List the links of this shop that can be paid, newest first."""
    return list(_own_links())


def _own_links() -> Iterator[SeenLink]:
    return (link for link in list_payment_links() if is_marked(link.metadata))


def close_link(link: str) -> SeenLink:
    """Close a link by its address or `plink_…` id; by the id it is safe to repeat.

    Raises:
        NotFound: none of this shop's open links has this address, Stripe does not know the id, or the link was
            made by another program or in the Dashboard.
    """
    try:
        closed = close_payment_link(_find_own_id(link))
    except StripeMissing as error:
        raise _not_found(link) from error
    _record("payment_link.closed", closed, {})
    return closed


def _find_own_id(link: str) -> str:
    """Raises NotFound, StripeMissing."""
    if not link.startswith("plink_"):
        own = next((known.id for known in _own_links() if known.url == link), None)
        if own is None:
            raise _not_found(link)
        return own
    if not is_marked(get_payment_link(link).metadata):
        raise NotFound(f"This shop did not make {link}: close it in the Stripe Dashboard.")
    return link


def _not_found(link: str) -> NotFound:
    return NotFound(f"There is no open link {link}. `storefront payment-link list` shows them.")
