"""What an owner gives a buyer whose license ends: a later last day, or none."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from storefront.audit.record import reason_field, record
from storefront.core import clock
from storefront.core.db import transaction
from storefront.core.errors import StorefrontError
from storefront.delivery.licenses.keys import hint
from storefront.delivery.licenses.models import KeyEvent, KeyEventKind, License
from storefront.delivery.licenses.named_license import lock_named_license
from storefront.delivery.licenses.queries import get_sale
from storefront.orders.changes import ChangeKind, add_change


class NotLater(StorefrontError):
    code = "not_later"
    status = 409
    title = "That is not later"


@dataclass(frozen=True, slots=True, kw_only=True)
class Extended:
    """`until` is None for a license that never expires from now on; `was_until` is what it was before."""

    order_number: str
    hint: str
    was_until: datetime | None
    until: datetime | None

    @property
    def has_changed(self) -> bool:
        return self.was_until != self.until


def extend_license(reference: str, *, until: datetime | None, because: str = "") -> Extended:
    """Let a license expire later, or never. Safe to repeat: the same day again changes nothing.

    Devices stay. License files bring the new day when a program asks for the next one. `reference` is a key, or
    the number of an order with one key.

    Raises:
        NotFound, SeveralKeys: the reference names no key, or several.
        KeyReplaced: it names a key that was replaced.
        NotLater: it never expires already, later than that, or that day is over.
    """
    with transaction() as session:
        sold = lock_named_license(session, reference)
        before = sold.expires_at
        order, _item, _product = get_sale(session, sold)
        extended = Extended(order_number=order.number, hint=hint(sold.key), was_until=before, until=until)
        if extended.has_changed:
            _demand_later(before, until)
            sold.expires_at = until
            _write_down(session, sold, order.id, extended, because)
    return extended


def _demand_later(before: datetime | None, until: datetime | None) -> None:
    if before is None:
        raise NotLater("This license never expires, so there is nothing to extend.")
    if until is None:
        return
    if until < before:
        raise NotLater(f"This license works until {before:%Y-%m-%d} already. Choose a later day.")
    if until <= clock.now():
        raise NotLater(f"{until:%Y-%m-%d} is over. Choose a day to come.")


def _write_down(session: Session, sold: License, order_id: int, extended: Extended, because: str) -> None:
    day = f"until {extended.until:%Y-%m-%d}" if extended.until else "never expires"
    detail = f"{extended.hint} {day}{f': {because}' if because else ''}"
    session.add(KeyEvent(what=KeyEventKind.EXTENDED, license_id=sold.id, detail=detail))
    add_change(session, order_id, ChangeKind.LICENSE_EXTENDED, detail)
    record(
        session,
        "key.extended",
        subject_kind="key",
        subject=extended.hint,
        before={"expires_at": _iso(extended.was_until)},
        after={"expires_at": _iso(extended.until), "order": extended.order_number} | reason_field(because),
    )


def _iso(moment: datetime | None) -> str:
    return moment.isoformat() if moment is not None else "never"
