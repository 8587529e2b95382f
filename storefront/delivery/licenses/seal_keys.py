"""Seals the license keys of a shop: a new one from its first day, another one when its owner says so.

Code that is older than the data key cannot read what is sealed. So no upgrade seals anything by itself.
"""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import Enum

from sqlalchemy import String, bindparam, exists, select, type_coerce, update
from sqlalchemy.orm import Session

from storefront.audit.record import record
from storefront.core import data_keys
from storefront.core.data_keys import KEYED, LOOK_AGAIN_SECONDS, SEALED
from storefront.core.db import transaction
from storefront.delivery.licenses.device_names import key_erased_devices
from storefront.delivery.licenses.models import License, PoolKey, RetiredKey
from storefront.delivery.licenses.sealed import LICENSE_KEYS, kept_hash

BATCH = 500
BATCH_OF_POOL = 20  # a sale passes over locked keys, and may find none beside them
KNOWN_EVERYWHERE_SECONDS = 2 * LOOK_AGAIN_SECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedKeys:
    """How many rows were sealed now; `is_resealed`: the data key itself, after SECRET_KEY was changed."""

    sold: int
    imported: int
    retired: int
    is_resealed: bool


def seal_new_shop() -> bool:
    """Begin to seal where no key was ever sold or imported. Returns whether it did. Safe to repeat."""
    with transaction() as session:
        if session.scalar(select(exists(select(License.id)) | exists(select(PoolKey.id)))):
            return False
    return data_keys.make_data_key(LICENSE_KEYS)


class SealState(Enum):
    """Which SECRET_KEY opens the license keys: this one, one of before, or none. NONE: they are not sealed."""

    NONE = "none"
    PRESENT = "present"
    FALLBACK = "fallback"
    LOST = "lost"


def find_seal_state() -> SealState:
    if not is_sealed():
        return SealState.NONE
    if not data_keys.is_sealed_by_fallback(LICENSE_KEYS):
        return SealState.PRESENT
    return SealState.FALLBACK if data_keys.opens(LICENSE_KEYS) else SealState.LOST


def is_sealed() -> bool:
    """Return whether the shop seals the keys that it sells from now on."""
    return data_keys.has_data_key(LICENSE_KEYS)


def seal_keys(wait: Callable[[float], None] = time.sleep) -> SealedKeys:
    """Seal every key that is not, in short transactions. The shop may sell meanwhile; safe to end and to repeat.

    `wait` is given the seconds after which every process has learned of the key.

    Raises:
        DataKeySealed: neither SECRET_KEY nor one of SECRET_KEY_FALLBACKS opens the data key.
    """
    data_keys.make_data_key(LICENSE_KEYS)
    seconds = KNOWN_EVERYWHERE_SECONDS - data_keys.seconds_known(LICENSE_KEYS)
    if seconds > 0:
        wait(seconds)
    is_resealed = data_keys.reseal_data_key(LICENSE_KEYS)
    # Pools first: what is sold is compared with what was imported.
    imported, sold = _seal_rows(PoolKey), _seal_rows(License)
    sealed = SealedKeys(sold=sold, imported=imported, retired=_seal_retired(), is_resealed=is_resealed)
    _key_devices()
    if any(asdict(sealed).values()):
        with transaction() as session:
            record(session, "keys.sealed", subject_kind="keys", subject="license keys", after=asdict(sealed))
    return sealed


def _seal_rows(model: type[License] | type[PoolKey]) -> int:
    """Return how many were sealed."""
    count, last = 0, 0
    while True:
        with transaction() as session:
            ids = _seal_batch(session, model, last)
        if not ids:
            return count
        count, last = count + len(ids), ids[-1]


def _seal_batch(session: Session, model: type[License] | type[PoolKey], after: int) -> list[int]:
    """Seal the next rows whose key or whose hash is not, and return their ids."""
    kept = type_coerce(model.key, String)
    is_plain = ~kept.startswith(SEALED) | ~model.key_hash.startswith(KEYED)
    rows = session.execute(
        select(model.id, model.key, model.key_hash)
        .where(model.id > after, is_plain)
        .order_by(model.id)
        .limit(BATCH_OF_POOL if model is PoolKey else BATCH)
        .with_for_update()
    ).all()
    changed = [{"row_id": row.id, "key": row.key, "key_hash": kept_hash(row.key_hash)} for row in rows]
    if changed:
        columns = model.__table__.c
        sealed = {"key": bindparam("key", type_=columns.key.type), "key_hash": bindparam("key_hash")}
        statement = update(model).where(columns.id == bindparam("row_id")).values(sealed)
        session.connection().execute(statement, changed)
    return [row.id for row in rows]


def _seal_retired() -> int:
    count = 0
    while True:
        with transaction() as session:
            hashes = session.scalars(
                select(RetiredKey.key_hash).where(~RetiredKey.key_hash.startswith(KEYED)).limit(BATCH)
            ).all()
            for key_hash in hashes:
                changed = update(RetiredKey).where(RetiredKey.key_hash == key_hash)
                session.execute(changed.values(key_hash=kept_hash(key_hash)))
        if not hashes:
            return count
        count += len(hashes)


def _key_devices() -> None:
    count = BATCH
    while count:
        with transaction() as session:
            count = key_erased_devices(session, BATCH)
