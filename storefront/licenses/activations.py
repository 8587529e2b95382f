"""Devices of a license. The limit is exact: devices are counted under the license's lock."""

import uuid
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from storefront import clock
from storefront.db import db, one_read, transaction
from storefront.licenses import keys
from storefront.licenses.codes import Code
from storefront.licenses.found import Found, Instance, find_license
from storefront.licenses.models import Activation, KeyEvent, License
from storefront.web import settings


@dataclass(frozen=True, slots=True)
class Device:
    """As its owner sees it on the order page; `id` is the API's `instance_id`."""

    id: str
    name: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Answer:
    """`license` is None for an unknown key; `instance` only where one was named, found or made."""

    code: Code
    license: Found | None = None
    instance: Instance | None = None


def validate(key: str, *, product: str = "", instance_id: str = "", fingerprint: str = "") -> Answer:
    """One statement, nothing written. `product` is the expected product's id or slug."""
    mode = settings().mode
    with one_read() as connection:
        found = find_license(connection, key, mode=mode, instance_id=instance_id, fingerprint=fingerprint)
    code = _first_refusal(key, found, product)
    if code is None and found is not None:
        code = _instance_refusal(found, instance_id, fingerprint)
    return Answer(code or Code.VALID, found, found.instance if found else None)


def activate(key: str, *, name: str, product: str = "", fingerprint: str = "") -> Answer:
    """A slot for one more device. The same `fingerprint` again is the same instance and costs nothing."""
    mode = settings().mode
    found = find_license(db.session(), key, mode=mode, fingerprint=fingerprint)
    code = _first_refusal(key, found, product)
    if code is not None or found is None:
        return Answer(code or Code.NOT_FOUND, found)
    if found.instance is not None:
        return Answer(Code.VALID, found, found.instance)
    with transaction() as session:
        # Locked first, then read whole: what is counted cannot change before this commits.
        session.execute(select(License.id).where(License.id == found.id).with_for_update())
        locked = find_license(session, key, mode=mode, fingerprint=fingerprint)
        code = _first_refusal(key, locked, product)
        if code is not None or locked is None:
            return Answer(code or Code.NOT_FOUND, locked)
        if locked.instance is not None:
            return Answer(Code.VALID, locked, locked.instance)
        if locked.activation_limit is not None and locked.usage >= locked.activation_limit:
            return Answer(Code.ACTIVATION_LIMIT_REACHED, locked)
        made = _add(session, locked.id, name=name, fingerprint=fingerprint)
    return Answer(Code.VALID, replace(locked, usage=locked.usage + 1, instance=made), made)


def deactivate(key: str, *, instance_id: str, product: str = "") -> Answer:
    """Frees the slot, also of a key that expired or was refunded: nobody loses anything by it."""
    found = find_license(db.session(), key, mode=settings().mode, instance_id=instance_id)
    if found is None:
        return Answer(_unknown(key))
    if found.refusal is Code.REPLACED:
        return Answer(Code.REPLACED, found)
    if not _is_of(found, product):
        return Answer(Code.PRODUCT_MISMATCH, found)
    if found.instance is None or not deactivate_device(found.id, found.instance.id):
        return Answer(Code.INSTANCE_NOT_FOUND, found)
    return Answer(Code.VALID, replace(found, usage=max(0, found.usage - 1), instance=None))


def find_devices(license_ids: Collection[int]) -> dict[int, list[Device]]:
    """License id -> its devices, oldest first. One statement."""
    found: defaultdict[int, list[Device]] = defaultdict(list)
    if license_ids:
        rows = db.session.execute(
            select(Activation.license_id, Activation.id, Activation.name, Activation.created_at)
            .where(Activation.license_id.in_(list(license_ids)))
            .order_by(Activation.created_at, Activation.id)
        )
        for row in rows:
            found[row.license_id].append(Device(row.id, row.name, row.created_at))
    return found


def deactivate_device(license_id: int, instance_id: str) -> bool:
    """False when it is gone already; in a transaction of its own."""
    with transaction() as session:
        gone = session.scalar(
            delete(Activation)
            .where(Activation.id == instance_id, Activation.license_id == license_id)
            .returning(Activation.id)
            .execution_options(synchronize_session=False)
        )
        if gone is not None:
            session.add(KeyEvent(license_id=license_id, what="deactivated", detail=gone[:8]))
    return gone is not None


def _add(session: Session, license_id: int, *, name: str, fingerprint: str) -> Instance:
    made = Activation(
        id=str(uuid.uuid4()),
        license_id=license_id,
        name=name,
        fingerprint=fingerprint or None,
        created_at=clock.now(),
    )
    session.add(made)
    session.add(KeyEvent(license_id=license_id, what="activated", detail=made.id[:8]))
    return Instance(made.id, made.name, made.fingerprint, made.created_at)


def _unknown(key: str) -> Code:
    return Code.NOT_FOUND if keys.is_well_formed(key) else Code.MISTYPED


def _is_of(found: Found, product: str) -> bool:
    return product in ("", str(found.product_id), found.slug)


def _first_refusal(key: str, found: Found | None, product: str) -> Code | None:
    if found is None:
        return _unknown(key)
    return found.refusal or (None if _is_of(found, product) else Code.PRODUCT_MISMATCH)


def _instance_refusal(found: Found, instance_id: str, fingerprint: str) -> Code | None:
    if instance_id and found.instance is None:
        return Code.INSTANCE_NOT_FOUND
    if fingerprint and (found.instance is None or found.instance.fingerprint != fingerprint):
        return Code.FINGERPRINT_MISMATCH
    return None
