"""What devices are told apart by, also after erasing: a hash then, which says nothing of them to who reads it."""

import hashlib
from collections.abc import Sequence

from sqlalchemy import ColumnElement, bindparam, func, select, update
from sqlalchemy.orm import Session

from storefront.core.data_keys import KEYED
from storefront.delivery.licenses.models import Activation, License
from storefront.delivery.licenses.sealed import forms, kept_hash
from storefront.orders.models import Grant, OrderItem

ERASED_NAME = "Device"
ERASED = "erased:"  # begins what is kept of a fingerprint after erasing


def kept_forms(fingerprint: str) -> tuple[str, str, str] | tuple[None, None, None]:
    """Return what a device with this fingerprint may be kept as: a new one as the first; erased, as the others.

    Spaces and line ends around it do not count. What programs send is never compared with a hash: one that begins
    like a hash is kept as a hash of itself.
    """
    fingerprint = fingerprint.strip()
    if not fingerprint:
        return None, None, None
    now, before = (f"{ERASED}{form}" for form in forms(_digest(fingerprint)))
    return now if fingerprint.startswith(ERASED) else fingerprint, now, before


def shown_fingerprint(kept: str | None) -> str | None:
    """Return what a program called its device; None where that was erased."""
    return None if kept is None or kept.startswith(ERASED) else kept


def erase_devices(session: Session, order_ids: Sequence[int]) -> int:
    """Forget what the devices of these orders are called, and return how many they are.

    Programs on them go on: each stays the device that it was. In the caller's transaction.
    """
    devices = session.execute(
        select(Activation.id, Activation.fingerprint)
        .join(License, License.id == Activation.license_id)
        .join(Grant, Grant.id == License.grant_id)
        .join(OrderItem, OrderItem.id == Grant.order_item_id)
        .where(OrderItem.order_id.in_(order_ids))
        .with_for_update(of=Activation)
    ).all()
    _write(session, [{"device": row.id, "name": ERASED_NAME, "kept": _erased(row.fingerprint)} for row in devices])
    return len(devices)


def key_erased_devices(session: Session, most: int) -> int:
    """Put the shop's data key into hashes of devices that were erased before it had one. Returns how many."""
    devices = session.execute(
        select(Activation.id, Activation.name, Activation.fingerprint)
        .where(_begins_with(ERASED), ~_begins_with(f"{ERASED}{KEYED}"))
        .limit(most)
        .with_for_update()
    ).all()
    keyed = [(row, f"{ERASED}{kept_hash(row.fingerprint.removeprefix(ERASED))}") for row in devices]
    _write(session, [{"device": row.id, "name": row.name, "kept": kept} for row, kept in keyed])
    return len(devices)


def _begins_with(text: str) -> ColumnElement[bool]:
    """Compare letter by letter: SQLite's LIKE takes what a program sent in capitals for it."""
    return func.substr(Activation.fingerprint, 1, len(text)) == text


def _write(session: Session, devices: list[dict[str, str | None]]) -> None:
    columns = Activation.__table__.c
    named = update(Activation).where(columns.id == bindparam("device"))
    if devices:
        session.connection().execute(named.values(name=bindparam("name"), fingerprint=bindparam("kept")), devices)


def _erased(fingerprint: str | None) -> str | None:
    if fingerprint is None or fingerprint.startswith(ERASED):
        return fingerprint
    return f"{ERASED}{kept_hash(_digest(fingerprint))}"


def _digest(fingerprint: str) -> str:
    return hashlib.sha256(b"device\0" + fingerprint.encode()).hexdigest()
