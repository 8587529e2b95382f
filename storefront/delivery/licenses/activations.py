"""Devices of a license. The limit is exact: devices are counted under the license's lock."""

import uuid
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import delete, exists, func, or_, select
from sqlalchemy.orm import Session

from storefront.audit.actor import current_actor
from storefront.audit.models import ActorKind
from storefront.audit.record import record
from storefront.core import clock
from storefront.core.db import db, one_read, transaction
from storefront.core.runtime import settings
from storefront.delivery.licenses import keys
from storefront.delivery.licenses.codes import Code
from storefront.delivery.licenses.device_names import kept_forms
from storefront.delivery.licenses.lookup import Instance, LicenseStatus, find_license_status
from storefront.delivery.licenses.models import Activation, KeyEvent, KeyEventKind, License
from storefront.delivery.licenses.named_license import lock_named_license
from storefront.shop.catalog.queries import find_product_id
from storefront.shop.editor.product_settings import MOST_DEVICES

ON_A_PAGE = 50


@dataclass(frozen=True, slots=True)
class Device:
    """A device as its owner sees it on the order page; `id` is the API's `instance_id`."""

    id: str
    name: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class LicenseAnswer:
    """`license` is None for an unknown key; `instance` only where one was named, found or made."""

    code: Code
    license: LicenseStatus | None = None
    instance: Instance | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DevicePage:
    """`total` is of all pages; a page behind the last one is empty."""

    total: int
    page: int
    devices: list[Device] = field(default_factory=list)

    @property
    def last(self) -> int:
        return -(-self.total // ON_A_PAGE)


def validate(key: str, *, product: str = "", instance_id: str = "", fingerprint: str = "") -> LicenseAnswer:
    """Say whether a key works. One statement; nothing is written. `product` is the expected id or slug."""
    mode = settings().mode
    with one_read() as connection:
        status = find_license_status(connection, key, mode=mode, instance_id=instance_id, fingerprint=fingerprint)
    if status is None:
        return LicenseAnswer(_unknown(key))
    code = _first_refusal(key, status, product) or _instance_refusal(status, instance_id, fingerprint)
    return LicenseAnswer(code or Code.VALID, status, status.instance)


def activate(key: str, *, name: str, product: str = "", fingerprint: str = "") -> LicenseAnswer:
    """Give a slot to one more device. The same `fingerprint` again is the same instance and costs nothing."""
    mode = settings().mode
    status = find_license_status(db.session(), key, mode=mode, fingerprint=fingerprint)
    answer = _answer_without_slot(key, status, product)
    if answer is not None or status is None:
        return answer or LicenseAnswer(Code.NOT_FOUND)
    with transaction() as session:
        # Locked first, then read whole: what is counted cannot change before this commits.
        session.execute(select(License.id).where(License.id == status.id).with_for_update())
        locked = find_license_status(session, key, mode=mode, fingerprint=fingerprint)
        answer = _answer_without_slot(key, locked, product)
        if answer is not None or locked is None:
            return answer or LicenseAnswer(Code.NOT_FOUND)
        return _take_slot(session, locked, name=name, fingerprint=fingerprint)


def _answer_without_slot(key: str, status: LicenseStatus | None, product: str) -> LicenseAnswer | None:
    """Return the answer for a key that is refused, and for a device that has its slot already."""
    code = _first_refusal(key, status, product)
    if code is not None:
        return LicenseAnswer(code, status)
    if status is not None and status.instance is not None:
        return LicenseAnswer(Code.VALID, status, status.instance)
    return None


def _take_slot(session: Session, status: LicenseStatus, *, name: str, fingerprint: str) -> LicenseAnswer:
    if status.usage >= _most_devices(status):
        return LicenseAnswer(Code.ACTIVATION_LIMIT_REACHED, status)
    instance = _add(session, status.id, name=name, fingerprint=fingerprint)
    return LicenseAnswer(Code.VALID, replace(status, usage=status.usage + 1, instance=instance), instance)


def _most_devices(status: LicenseStatus) -> int:
    """Return the limit; the shop's own where a higher one was sold before that was refused, or as one key."""
    return MOST_DEVICES if status.activation_limit is None else min(status.activation_limit, MOST_DEVICES)


def deactivate(key: str, *, instance_id: str, product: str = "") -> LicenseAnswer:
    """Free the slot, also of a key that expired or was refunded: nobody loses anything by it."""
    status = find_license_status(db.session(), key, mode=settings().mode, instance_id=instance_id)
    if status is None:
        return LicenseAnswer(_unknown(key))
    if status.refusal is Code.REPLACED:
        return LicenseAnswer(Code.REPLACED, status)
    if not _is_of(status, product):
        return LicenseAnswer(Code.PRODUCT_MISMATCH, status)
    if status.instance is None or not deactivate_device(status.id, status.instance.id):
        return LicenseAnswer(Code.INSTANCE_NOT_FOUND, status)
    return LicenseAnswer(Code.VALID, replace(status, usage=max(0, status.usage - 1), instance=None))


def find_devices(license_ids: Collection[int], *, page: int = 1) -> dict[int, DevicePage]:
    """Return a page of each license's devices, oldest first, by license id. One statement."""
    if not license_ids:
        return {}
    license_id = Activation.license_id
    place = func.row_number().over(partition_by=license_id, order_by=(Activation.created_at, Activation.id))
    numbered = (
        select(
            Activation.license_id,
            Activation.id,
            Activation.name,
            Activation.created_at,
            place.label("place"),
            func.count().over(partition_by=license_id).label("total"),
        )
        .where(Activation.license_id.in_(list(license_ids)))
        .subquery()
    )
    before = (page - 1) * ON_A_PAGE
    rows = db.session.execute(
        select(numbered)
        .where(or_(numbered.c.place == 1, numbered.c.place.between(before + 1, before + ON_A_PAGE)))
        .order_by(numbered.c.license_id, numbered.c.place)
    )
    pages: dict[int, DevicePage] = {}
    for row in rows:
        device_page = pages.setdefault(row.license_id, DevicePage(total=row.total, page=page))
        if row.place > before:
            device_page.devices.append(Device(row.id, row.name, row.created_at))
    return pages


def count_devices(license_ids: Collection[int]) -> dict[int, int]:
    """Return how many devices use each license; those without any are left out. One statement."""
    if not license_ids:
        return {}
    counted = (
        select(Activation.license_id, func.count())
        .where(Activation.license_id.in_(list(license_ids)))
        .group_by(Activation.license_id)
    )
    return dict(db.session.execute(counted).all())


def find_gone_devices(license_ids: Collection[int | None], *, limit: int) -> dict[int | None, list[datetime]]:
    """Return when devices were activated that are gone, by license id: the newest so many, oldest first."""
    is_there = exists().where(
        Activation.license_id == KeyEvent.license_id, func.substr(Activation.id, 1, 8) == KeyEvent.detail
    )
    rows = db.session.execute(
        select(KeyEvent.license_id, KeyEvent.at)
        .where(KeyEvent.license_id.in_(license_ids), KeyEvent.what == KeyEventKind.ACTIVATED, ~is_there)
        .order_by(KeyEvent.id.desc())
        .limit(limit)
    ).all()
    gone: defaultdict[int | None, list[datetime]] = defaultdict(list)
    for license_id, at in reversed(rows):
        gone[license_id].append(at)
    return gone


def deactivate_device(license_id: int, instance_id: str) -> bool:
    """Return False when it is gone already; in a transaction of its own. What helpers do is in the audit log."""
    with transaction() as session:
        # The lock that its event takes, before the device: whoever replaces the key has both in this order.
        kept = select(License.id).where(License.id == license_id).with_for_update(read=True, key_share=True)
        session.execute(kept)
        gone = session.scalar(
            delete(Activation)
            .where(Activation.id == instance_id, Activation.license_id == license_id)
            .returning(Activation.id)
            .execution_options(synchronize_session=False)
        )
        if gone is not None:
            session.add(KeyEvent(license_id=license_id, what=KeyEventKind.DEACTIVATED, detail=gone[:8]))
            _record(session, license_id, device=gone[:8])
    return gone is not None


def deactivate_device_of(reference: str, instance_id: str) -> bool:
    """Do as `deactivate_device` does, for a key or the number of an order with one key.

    Raises:
        NotFound, SeveralKeys, KeyReplaced: the reference names no key, or several, or an old one.
    """
    with transaction() as session:
        license_id = lock_named_license(session, reference).id
    return deactivate_device(license_id, instance_id)


def _record(session: Session, license_id: int, *, device: str) -> None:
    if current_actor().kind is not ActorKind.SHOP:
        key = session.get_one(License, license_id).key
        after = {"device": device}
        record(session, "key.device_deactivated", subject_kind="key", subject=keys.hint(key), after=after)


def _add(session: Session, license_id: int, *, name: str, fingerprint: str) -> Instance:
    activation = Activation(
        id=str(uuid.uuid4()),
        license_id=license_id,
        name=name,
        fingerprint=kept_forms(fingerprint)[0],
        created_at=clock.now(),
    )
    session.add(activation)
    session.add(KeyEvent(license_id=license_id, what=KeyEventKind.ACTIVATED, detail=activation.id[:8]))
    return Instance(activation.id, activation.name, activation.fingerprint, activation.created_at)


def _unknown(key: str) -> Code:
    return Code.NOT_FOUND if keys.is_well_formed(key) else Code.MISTYPED


def _is_of(status: LicenseStatus, product: str) -> bool:
    """Programs name the product by its id, its slug, or a slug that it had when they were written."""
    names = ("", str(status.product_id), status.slug, status.first_slug)
    return product in names or find_product_id(db.session(), product) == status.product_id


def _first_refusal(key: str, status: LicenseStatus | None, product: str) -> Code | None:
    if status is None:
        return _unknown(key)
    return status.refusal or (None if _is_of(status, product) else Code.PRODUCT_MISMATCH)


def _instance_refusal(status: LicenseStatus, instance_id: str, fingerprint: str) -> Code | None:
    if instance_id and status.instance is None:
        return Code.INSTANCE_NOT_FOUND
    known = status.instance.fingerprint if status.instance else None
    return Code.FINGERPRINT_MISMATCH if fingerprint and known not in kept_forms(fingerprint) else None
