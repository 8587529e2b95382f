"""What editions cost: a new amount is a new row, so that nothing that was sold ever changes."""

from collections.abc import Mapping
from dataclasses import dataclass

from babel.core import get_global
from babel.numbers import get_territory_currencies
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from storefront.audit.record import record
from storefront.core import clock
from storefront.core.db import transaction
from storefront.core.money import format_money, most_chargeable, parse_money
from storefront.shop.catalog.amounts import (
    LEAST_MINOR,
    TYPED,
    Amount,
    ChosenAmount,
    amount_of_price,
    amount_words,
    columns_of,
    write_amount,
)
from storefront.shop.catalog.models import Edition, Price, Product
from storefront.shop.catalog.queries import lock_product
from storefront.shop.editor.editions import clean_edition, get_edition, make_edition
from storefront.shop.editor.refusals import PriceMoved, ProductRefused

MOST_CURRENCIES = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceChange:
    """`before` is None where there was no price in this currency, `after` where there is none now."""

    edition: str
    currency: str
    before: Amount | None
    after: Amount | None

    @property
    def is_change(self) -> bool:
        return self.before != self.after


def check_currency(text: str) -> str:
    """Return the code in small letters. Raises ProductRefused."""
    code = text.strip().lower()
    if code.upper() not in _list_tender():
        words = f"{text.strip()!r} is no currency that people pay in today: write three letters, like EUR."
        raise ProductRefused({"currency": words})
    return code


def _list_tender() -> set[str]:
    """Return the codes of what is money somewhere today: gold and the German mark have a code, too."""
    today = clock.now().date()
    territories = get_global("territory_currencies")
    return {code for place in territories for code in get_territory_currencies(place, start_date=today)}


def read_amount(text: str, currency: str) -> Amount:
    """Return what was typed in minor units: 19, 19.00 and 19,00 are 1900 cents.

    `from 5.00, suggested 10.00, up to 50.00` lets buyers choose; what is not suggested is the least.

    Raises:
        ProductRefused: it is no amount that can be paid in this currency.
    """
    limits = TYPED.fullmatch(text.strip())
    if limits is None:
        return _read_one(text, currency)
    given, suggested, most = (_read_one(part, currency) if part else None for part in limits.groups())
    least = given or 0
    chosen = ChosenAmount(
        suggested_minor=least if suggested is None else suggested, least_minor=least, most_minor=most
    )
    check_amount(chosen, currency)
    return chosen


def _read_one(text: str, currency: str) -> int:
    try:
        amount_minor = parse_money(text, currency)
    except ValueError as error:
        raise ProductRefused({"amount": str(error)}) from error
    check_amount(amount_minor, currency)
    return amount_minor


def check_amount(amount: Amount, currency: str) -> None:
    """Raises ProductRefused."""
    if isinstance(amount, ChosenAmount):
        _check_chosen(amount, currency)
    else:
        _check_one(amount, currency)


def _check_chosen(amount: ChosenAmount, currency: str) -> None:
    suggested_minor, least_minor, most_minor = amount
    most = suggested_minor if most_minor is None else most_minor
    for minor in (least_minor, suggested_minor, most):
        _check_one(minor, currency)
    if suggested_minor == 0:
        words = "suggest an amount above zero, which the form shows first: from 0, suggested 10.00."
        raise ProductRefused({"amount": f"Buyers who may pay nothing need a hint: {words}"})
    if not least_minor <= suggested_minor <= most:
        words = "the suggested amount lies between the least and the most."
        raise ProductRefused({"amount": f"These limits cannot be: {words}"})


def _check_one(amount_minor: int, currency: str) -> None:
    least = LEAST_MINOR.get(currency, 1)
    if 0 < amount_minor < least:
        words = f"Stripe takes {format_money(least, currency)} or more. Free is {format_money(0, currency)}."
        raise ProductRefused({"amount": f"{format_money(amount_minor, currency)} is too little: {words}"})
    most = most_chargeable(currency)
    if amount_minor > most:
        raise ProductRefused({"amount": f"Stripe takes at most {format_money(most, currency)}."})


def set_price(
    slug: str,
    edition: str,
    currency: str,
    amount: Amount,
    *,
    shown: Amount | None = None,
    is_new: bool = False,
) -> PriceChange:
    """Sell an edition, by its key, for this amount from now on. The same amount again changes nothing.

    `shown` is what the form showed, with `is_new` no price: nobody puts an old price back, or another in place of
    a new one, without knowing. Carts that hold the old price say that it changed; orders keep what they paid.

    Raises:
        NotFound: no such product or edition.
        ProductRefused: the currency or the amount cannot be.
        PriceMoved: another price was set since the form was shown, or stands in another row of the page; nothing
            is changed.
    """
    code = check_currency(currency)
    check_amount(amount, code)
    with transaction() as session:
        product = lock_product(session, slug)
        row = get_edition(session, product, edition)
        return write_price(session, product, row, code, amount, shown=shown, is_new=is_new)


def add_priced_edition(
    slug: str,
    name: str,
    price: tuple[str, Amount],
    *,
    line: str = "",
    limits: Mapping[str, int | None] | None = None,
) -> str:
    """Add an edition with its first price (currency and amount), both or none. Returns its key.

    Raises:
        NotFound: no such product.
        ProductRefused, SettingRefused: as for `add_edition` and `set_price`.
    """
    texts = clean_edition(name, line, limits)
    currency, amount = check_currency(price[0]), price[1]
    check_amount(amount, currency)
    with transaction() as session:
        product = lock_product(session, slug)
        edition = make_edition(session, product, texts, limits or {})
        write_price(session, product, edition, currency, amount)
        return edition.key


def write_price(
    session: Session,
    product: Product,
    edition: Edition,
    currency: str,
    amount: Amount,
    *,
    shown: Amount | None = None,
    is_new: bool = False,
) -> PriceChange:
    """Do as `set_price` does with a good amount, inside the caller's transaction. The product is locked."""
    old = find_active_price(session, edition.id, currency)
    before = amount_of_price(old) if old else None
    if is_new and before is not None and before != amount:
        words = f"It has a price in {currency.upper()} already: {amount_words(before, currency)}."
        raise PriceMoved(f"{words} Change it in its row.", before)
    if shown not in (None, before, amount):
        raise _changed_meanwhile(before, currency)
    change = PriceChange(edition=edition.name, currency=currency, before=before, after=amount)
    if change.is_change:
        _check_room(session, edition.id, currency)
        if old is not None:
            old.is_active = False
            session.flush()
        session.add(Price(edition_id=edition.id, currency=currency, **columns_of(amount)))
        _record(session, product, edition, change)
    return change


def _changed_meanwhile(amount: Amount | None, currency: str) -> PriceMoved:
    now = "has none" if amount is None else f"costs {amount_words(amount, currency)}"
    return PriceMoved(f"Somebody else changed this price meanwhile: it {now}. Nothing was changed.", amount)


def remove_price(slug: str, edition: str, currency: str, *, shown: Amount | None = None) -> PriceChange:
    """Sell an edition no more in this currency. Safe to repeat. `shown` is what somebody looked at.

    Raises:
        NotFound: no such product or edition.
        PriceMoved: somebody else set another price since it was shown; nothing is changed.
    """
    code = currency.strip().lower()
    with transaction() as session:
        product = lock_product(session, slug)
        return drop_price(session, product, get_edition(session, product, edition), code, shown=shown)


def drop_price(
    session: Session, product: Product, edition: Edition, currency: str, *, shown: Amount | None = None
) -> PriceChange:
    """Do as `remove_price` does, inside the caller's transaction. The product is locked."""
    old = find_active_price(session, edition.id, currency)
    before = amount_of_price(old) if old else None
    if before is not None and shown not in (None, before):
        raise _changed_meanwhile(before, currency)
    change = PriceChange(edition=edition.name, currency=currency, before=before, after=None)
    if old is not None:
        old.is_active = False
        _record(session, product, edition, change)
    return change


def find_active_price(session: Session, edition_id: int, currency: str) -> Price | None:
    prices = select(Price).where(Price.edition_id == edition_id, Price.currency == currency, Price.is_active)
    return session.scalars(prices.execution_options(populate_existing=True)).one_or_none()


def _check_room(session: Session, edition_id: int, currency: str) -> None:
    others = select(func.count()).where(
        Price.edition_id == edition_id, Price.is_active, Price.currency != currency
    )
    if (session.scalar(others) or 0) >= MOST_CURRENCIES:
        raise ProductRefused({"currency": f"An edition has prices in at most {MOST_CURRENCIES} currencies."})


def _record(session: Session, product: Product, edition: Edition, change: PriceChange) -> None:
    record(
        session,
        "price.changed",
        subject_kind="edition",
        subject=f"{product.slug}/{edition.key}",
        before={change.currency: _noted(change.before, change.currency)},
        after={change.currency: _noted(change.after, change.currency)},
    )


def _noted(amount: Amount | None, currency: str) -> int | str | None:
    """Return an amount as the log keeps it: a fixed one in minor units, limits in words."""
    return write_amount(amount, currency) if isinstance(amount, ChosenAmount) else amount
