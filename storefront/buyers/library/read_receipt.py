"""Reads an order for its receipt: who sold what to whom, how it was paid, and what went back."""

from collections.abc import Collection, Sequence

from sqlalchemy import select

from storefront.buyers.library.order_words import presentment
from storefront.buyers.library.receipt import Party, Receipt, ReceiptLine, RefundLine
from storefront.core.config.stripe import Mode
from storefront.core.db import db
from storefront.core.errors import StorefrontError
from storefront.core.languages import show_country
from storefront.core.texts import marked
from storefront.orders.after_sale import TO_ANSWER, Refund
from storefront.orders.models import Order, OrderItem
from storefront.orders.paid_with import paid_with
from storefront.orders.refund_words import read_refunds, shown_at_bank, waiting_of
from storefront.orders.tax_words import TaxWords, tax_words
from storefront.shop.profile.read import Profile, read_profile
from storefront.shop.profile.zone import at_shop


class NoReceiptYet(StorefrontError):
    code = "no_receipt_yet"
    status = 404
    title = marked("There's no receipt yet")


def get_receipt(order: Order) -> Receipt:
    """Return the receipt of an order that is paid, also when it was refunded, disputed or withdrawn since.

    Raises:
        NoReceiptYet: nothing was paid.
    """
    if not order.is_paid:
        raise NoReceiptYet(marked("This order isn't paid. Its receipt is here as soon as the payment arrives."))
    return read_receipt(order)


def read_receipt(order: Order) -> Receipt:
    """One statement, one more where money went back, and the profile's. Its days are the shop's."""
    taxes, refunds = tax_words(order), read_refunds(order)
    waiting = waiting_of(refunds).get(order.id, frozenset())
    return Receipt(
        number=order.number,
        placed_at=at_shop(order.placed_at),
        paid_at=at_shop(order.paid_at) if order.paid_at else None,
        is_paid=order.is_paid,
        is_test=order.mode != Mode.LIVE,
        seller=seller_of(read_profile()),
        buyer=_buyer(order, taxes),
        method=paid_with(order),
        currency=order.currency,
        lines=tuple(_line(item, taxes, waiting) for item in _read_items(order)),
        subtotal_minor=order.subtotal_minor,
        discount_minor=order.discount_minor,
        discount_code=order.discount_code,
        tax_minor=order.tax_minor,
        total_minor=order.total_minor,
        presentment=presentment(order),
        taxes=taxes,
        refunds=_refunds(order, refunds) if order.refunded_minor else (),
        refunded_minor=order.refunded_minor,
        invoice_number=order.invoice_number,
        invoice_url=order.invoice_url,
    )


def seller_of(profile: Profile) -> Party:
    """Return what the owner wrote of the business; without a legal name the shop's own."""
    return Party(
        names=(profile.legal_name or profile.name,),
        address=tuple(line for line in profile.postal_address.splitlines() if line.strip()),
        tax_ids=(profile.tax_id,) if profile.tax_id else (),
        email=profile.support_address,
    )


def _buyer(order: Order, taxes: TaxWords) -> Party:
    business = order.business_name or ""
    person = (order.name or "").removeprefix(business).removeprefix(", ")  # the name may hold both
    return Party(
        names=tuple(name for name in (business, person) if name),
        address=_address(order),
        tax_ids=taxes.tax_ids,
        email=order.email,
    )


def _address(order: Order) -> tuple[str, ...]:
    """Return lines as a letter has them. Who gave no street is known by the country alone."""
    parts = order.billing_address or {"country": order.country}
    town = " ".join(filter(None, (parts.get("postal_code"), parts.get("city"))))
    place = ", ".join(filter(None, (town, parts.get("state"))))
    country = parts.get("country")
    named = show_country(country) if country else None
    return tuple(filter(None, (parts.get("line1"), parts.get("line2"), place, named)))


def _read_items(order: Order) -> Sequence[OrderItem]:
    rows = select(OrderItem).where(OrderItem.order_id == order.id).order_by(OrderItem.position, OrderItem.id)
    return db.session.scalars(rows.execution_options(populate_existing=True)).all()


def _line(item: OrderItem, taxes: TaxWords, waiting: Collection[int]) -> ReceiptLine:
    unit_minor, rest = divmod(item.subtotal_minor, item.quantity)
    net_minor = item.total_minor - item.tax_minor
    return ReceiptLine(
        description=item.description,
        quantity=item.quantity,
        unit_minor=None if rest else unit_minor,
        subtotal_minor=item.subtotal_minor,
        discount_minor=item.discount_minor,
        net_minor=net_minor,
        tax_rate=taxes.rate_of(net_minor, item.tax_minor),
        tax_minor=item.tax_minor,
        total_minor=item.total_minor,
        is_refunded=item.is_refunded and item.position not in waiting,
    )


def _refunds(order: Order, rows: Sequence[Refund]) -> tuple[RefundLine, ...]:
    """Return each refund. One line for all where the shop does not know each: a restricted key may not ask."""
    if sum(row.amount_minor for row in rows) != order.refunded_minor:
        return (RefundLine(at=None, amount_minor=order.refunded_minor),)
    return tuple(_refund(row) for row in rows)


def _refund(row: Refund) -> RefundLine:
    return RefundLine(
        at=at_shop(row.created_at),
        amount_minor=row.amount_minor,
        presentment=shown_at_bank([row]),
        is_waiting=row.status == TO_ANSWER,
    )
