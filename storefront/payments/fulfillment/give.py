"""Something for free: an order that an owner makes, with a reason, and that Stripe never hears of.

It goes the way of every free order. So it costs nothing, its email hands it out, and whoever gets it joins it to
their library by the button behind that email's link. Unlike what is free by its price, it may be given again.
"""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from storefront.audit.record import reason_field, record
from storefront.core import clock
from storefront.core.db import db, transaction
from storefront.core.email_addresses import find_address, pasted_address
from storefront.core.errors import NotFound, StorefrontError
from storefront.core.queue import nudge
from storefront.core.runtime import settings
from storefront.core.tokens import new_token
from storefront.customers.unproven import find_known
from storefront.delivery.licenses.queries import count_unsold
from storefront.orders.changes import ChangeKind, add_change
from storefront.orders.customers import find_or_add_customer
from storefront.orders.languages import find_language_of
from storefront.orders.models import Decision, Order, OrderItem
from storefront.orders.new_order import GIVEN
from storefront.payments.fulfillment.converge import OrderMadeMeanwhile, StripeAnswer, converge_order
from storefront.shop.catalog.mirror_names import name_at_stripe
from storefront.shop.catalog.models import Edition, KeySource, Price, Product
from storefront.shop.catalog.parts import read_parts_of, read_sold_parts
from storefront.shop.catalog.queries import by_currency, get_product
from storefront.shop.catalog.recognized_lines import RecognizedLine
from storefront.shop.catalog.terms import sold_product, terms_of_today
from storefront.shop.editor.editions import get_edition
from storefront.stripe_api.seen import SeenCheckout, SeenLine

MOST_LINES, MOST_OF_ONE, LONGEST_REASON = 20, 99, 200
SAME_WITHIN = timedelta(hours=1)


class CannotGive(StorefrontError):
    code = "wrong_gift"  # older than bought gifts, and programs may know it
    status = 400
    title = "This cannot be given"
    field = ""  # of the form, where one alone is wrong


class WrongReceiver(CannotGive):
    field = "email"


class WrongReason(CannotGive):
    field = "because"


@dataclass(frozen=True, slots=True)
class Wish:
    """`name` is a product's slug, or `slug/edition`."""

    name: str
    quantity: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class GivingLine:
    """`keys_left` is how many imported keys there are to give; None where keys are made, or none is due."""

    name: str
    description: str
    quantity: int
    keys_left: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GivingPlan:
    email: str
    because: str
    lines: tuple[GivingLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """`is_new` is False for a form that was sent before: its order stands."""

    number: str
    email: str
    is_new: bool


class _GivenAlike(Exception):
    """The same was given to the same address for the same reason a moment ago."""

    def __init__(self, given: Given) -> None:
        super().__init__(given.number)
        self.given = given


@dataclass(frozen=True, slots=True, kw_only=True)
class _Goods:
    wish: Wish
    product: Product
    edition: Edition
    price: Price | None


def plan_giving(email: str, wishes: Sequence[Wish], *, because: str) -> GivingPlan:
    """Say what would be given. Nothing is changed.

    Raises:
        CannotGive, NotFound: with a sentence for who typed it.
    """
    address, reason = _check(email, wishes, because)
    lines = tuple(_line(goods) for goods in _read_goods(wishes))
    return GivingPlan(email=address, because=reason, lines=lines)


def give(email: str, wishes: Sequence[Wish], *, because: str, form: str, again: bool = False) -> Given:
    """Make the order, hand it out, and promise its email. The same form again changes nothing.

    Nor does another form that says the same within an hour, unless `again`: after Back it was drawn anew.

    Raises:
        CannotGive, NotFound: nothing was done.
    """
    address, reason = _check(email, wishes, because)
    session_id = _session_id(form)
    known = _find_given(session_id)
    if known is not None:
        return known
    goods = _read_goods(wishes)
    answer = _answer(session_id, address, goods, reason)
    try:
        with transaction() as session:
            if not again:
                _refuse_alike(session, address, reason, goods)
            order_id = converge_order(session, answer).fulfillment.order_id
            given = _write_down(session, session.get_one(Order, order_id), wishes, reason)
    except _GivenAlike as known_one:
        return known_one.given
    except OrderMadeMeanwhile:
        made = _find_given(session_id)
        if made is None:
            raise
        return made
    nudge("outbox")
    return given


def form_of(email: str, wishes: Sequence[Wish], because: str, *, again: bool) -> str:
    """Return what stands for a form where there is none: a command typed twice gives once, unless `again`."""
    said = "\0".join([email.lower(), because, *(f"{wish.name} {wish.quantity}" for wish in wishes)])
    return new_token() if again else said


def _session_id(form: str) -> str:
    return GIVEN + hashlib.sha256(f"{settings().mode}:{form}".encode()).hexdigest()[:32]


def _write_down(session: Session, order: Order, wishes: Sequence[Wish], reason: str) -> Given:
    add_change(session, order.id, ChangeKind.GIVEN, reason)
    lines = [f"{wish.quantity} {wish.name}" for wish in wishes]
    after = {"lines": lines} | reason_field(reason)
    record(session, "order.given", subject_kind="order", subject=order.number, after=after)
    return Given(number=order.number, email=order.email, is_new=True)


def _find_given(session_id: str) -> Given | None:
    row = db.session.execute(
        select(Order.number, Order.email).where(Order.checkout_session_id == session_id)
    ).first()
    return Given(number=row.number, email=row.email, is_new=False) if row is not None else None


def _refuse_alike(session: Session, address: str, reason: str, goods: Sequence[_Goods]) -> None:
    """Look with the receiver's row locked: of two pages that say the same at once, the second finds the first's.

    Raises:
        _GivenAlike: nothing is to be written, also no row of the receiver.
    """
    find_or_add_customer(session, mode=settings().mode, email=address, is_proven=False)
    alike = _find_alike(session, address, reason, goods)
    if alike is not None:
        raise _GivenAlike(alike)


def _find_alike(session: Session, address: str, reason: str, goods: Sequence[_Goods]) -> Given | None:
    """Find what was given to this address for this reason within the hour: as much of the same.

    What was withdrawn since is not theirs, and giving it again is no slip.
    """
    rows = session.execute(
        select(Order.number, Order.email, OrderItem.product_id, OrderItem.description, OrderItem.quantity)
        .join(OrderItem, OrderItem.order_id == Order.id)
        .where(
            Order.placed_at > clock.now() - SAME_WITHIN,
            Order.mode == settings().mode,
            Order.given_because == reason,
            Order.decision != Decision.WITHDRAW,
            func.lower(Order.email) == address.lower(),
        )
        .order_by(Order.id.desc())
    )
    wanted = Counter((one.product.id, _description(one), one.wish.quantity) for one in goods)
    for (number, email), lines in groupby(rows, key=lambda row: (row.number, row.email)):
        if Counter((line.product_id, line.description, line.quantity) for line in lines) == wanted:
            return Given(number=number, email=email, is_new=False)
    return None


def _description(goods: _Goods) -> str:
    return name_at_stripe(goods.product.name, goods.edition.name)


def _check_reason(because: str) -> str:
    reason = " ".join(because.split())
    if not reason:
        raise WrongReason("Say why it is given: the reason stays with the order.")
    if len(reason) > LONGEST_REASON:
        raise WrongReason(f"The reason has at most {LONGEST_REASON} characters.")
    return reason


def _check(email: str, wishes: Sequence[Wish], because: str) -> tuple[str, str]:
    """Return address and reason as they are kept."""
    typed = pasted_address(email)
    address = find_address(typed)
    if address is None:
        raise WrongReceiver(f"{typed[:80]} is not an email address." if typed else "Type an email address.")
    reason = _check_reason(because)
    if not 1 <= len(wishes) <= MOST_LINES:
        raise CannotGive(f"Choose 1 to {MOST_LINES} things to give.")
    if not all(1 <= wish.quantity <= MOST_OF_ONE for wish in wishes):
        raise CannotGive(f"Of each thing 1 to {MOST_OF_ONE} can be given.")
    return address, reason


def _read_goods(wishes: Sequence[Wish]) -> list[_Goods]:
    session = db.session()
    return [_read_one(session, wish) for wish in wishes]


def _read_one(session: Session, wish: Wish) -> _Goods:
    slug, _, name = wish.name.strip().partition("/")
    product = get_product(session, slug)
    edition = get_edition(session, product, name) if name else _only_edition(session, product)
    order = Price.is_active.desc(), by_currency(), Price.id
    prices = select(Price).where(Price.edition_id == edition.id).order_by(*order)
    return _Goods(wish=wish, product=product, edition=edition, price=session.scalars(prices.limit(1)).first())


def _only_edition(session: Session, product: Product) -> Edition:
    editions = session.scalars(
        select(Edition).where(Edition.product_id == product.id, Edition.is_active).order_by(Edition.position)
    ).all()
    if not editions:
        raise NotFound(f"{product.name} has no edition that could be given.")
    if len(editions) > 1:
        names = ", ".join(f"{product.slug}/{edition.key}" for edition in editions)
        raise CannotGive(f"{product.name} has several editions. Name one: {names}.")
    return editions[0]


def _line(goods: _Goods) -> GivingLine:
    product = goods.product
    has_pool = product.grants_license and product.key_source is KeySource.POOL
    return GivingLine(
        name=f"{product.slug}/{goods.edition.key}",
        description=_description(goods),
        quantity=goods.wish.quantity,
        keys_left=count_unsold(db.session(), product.id, settings().mode) if has_pool else None,
    )


def _answer(session_id: str, email: str, goods: Sequence[_Goods], reason: str) -> StripeAnswer:
    """Return what Stripe would have said of a checkout of these that cost nothing."""
    currency = next((one.price.currency for one in goods if one.price is not None), "usd")
    lines = tuple(_seen_line(session_id, number, one, currency) for number, one in enumerate(goods, start=1))
    return StripeAnswer(
        checkout=_seen(session_id, email, lines, currency, _language_of(email)),
        lines={line.id: _recognized(one) for line, one in zip(lines, goods, strict=True)},
        ticket=None,
        given_because=reason,
    )


def _language_of(email: str) -> str | None:
    """Return what their newest order speaks: no page of theirs asked for this one."""
    customer = find_known(email)
    return find_language_of(customer.id) if customer is not None else None


def _recognized(goods: _Goods) -> RecognizedLine:
    part_ids = read_parts_of([goods.edition.id]).get(goods.edition.id, ())
    sold = read_sold_parts(part_ids) if part_ids else {}
    return RecognizedLine(
        price_id=goods.price.id if goods.price is not None else None,
        product=sold_product(goods.product),
        terms=terms_of_today(goods.product, goods.edition),
        parts=tuple(sold[part_id] for part_id in part_ids if part_id in sold),
    )


def _seen_line(session_id: str, number: int, goods: _Goods, currency: str) -> SeenLine:
    return SeenLine(
        id=f"{session_id}_{number}",
        description=_description(goods),
        quantity=goods.wish.quantity,
        currency=currency,
        subtotal_minor=0,
        discount_minor=0,
        tax_minor=0,
        total_minor=0,
        stripe_price_id=None,
        stripe_product_id=None,
        metadata={},
    )


def _seen(
    session_id: str, email: str, lines: tuple[SeenLine, ...], currency: str, language: str | None
) -> SeenCheckout:
    now = clock.now()
    return SeenCheckout(
        id=session_id,
        mode="payment",
        status="complete",
        payment_status="no_payment_required",
        ui_mode="",
        url=None,
        client_secret=None,
        livemode=False,
        created_at=now,
        expires_at=now + timedelta(days=1),
        metadata={},
        payment_link_id=None,
        currency=currency,
        subtotal_minor=0,
        discount_minor=0,
        tax_minor=0,
        total_minor=0,
        presentment_minor=None,
        presentment_currency=None,
        email=email,
        name=None,
        business_name=None,
        country=None,
        address=None,
        tax_ids=[],
        taxes=[],
        customer_id=None,
        invoice=None,
        phone=None,
        answers=[],
        locale=language,
        checkout_text=None,
        has_accepted=False,
        payment=None,
        recovered_from=None,
        recovery=None,
        agrees_to_offers=False,
        discount=None,
        lines=lines,
    )
