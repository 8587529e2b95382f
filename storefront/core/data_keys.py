"""Data keys: columns that nobody reads without SECRET_KEY, and that can still be searched.

A data key is random, made once, and lies in the database sealed with SECRET_KEY. So another SECRET_KEY seals one
row anew, and every value stays as it is. Until a shop has the key its values are kept as they are written: both
kinds may stand in one column.
"""

import hmac
import logging
import secrets
import time
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from sqlalchemy import ScalarSelect, String, select
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from storefront.core import clock
from storefront.core.db import Base, db, end_read, insert_missing, outside_the_pool, transaction
from storefront.core.errors import StorefrontError
from storefront.core.measurements import CLOSED_KEY_AT, measurements
from storefront.core.runtime import Part, settings
from storefront.core.sealing import NONCE_BYTES, SealedByOther, seal, unseal
from storefront.core.texts import marked

PURPOSE = "storefront data keys"
log = logging.getLogger(__name__)

KEY_BYTES = 32
SEALED = "sealed:1:"
KEYED = "keyed:1:"
# A process that found no key looks again after so long: `storefront keys seal` waits for all of them.
LOOK_AGAIN_SECONDS = 5.0


class DataKey(Base):
    """The key for what `name` says: two keys of 32 bytes, one to seal with and one for hashes."""

    __tablename__ = "data_keys"

    name: Mapped[str] = mapped_column(primary_key=True)
    sealed: Mapped[bytes]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


class DataKeySealed(StorefrontError):
    """SECRET_KEY is another one than when the data key was sealed. `advice` is for the owner, in the log alone."""

    code = "data_key_sealed"
    status = 503
    title = marked("This cannot be read right now")

    def __init__(self, advice: str) -> None:
        super().__init__(marked("The shop cannot read this right now. Nothing is lost: please try again later."))
        self.advice = advice
        log.error("sealed data does not open", extra={"advice": advice})


class SealedValueChanged(DataKeySealed):
    """The data key is open, and this one value is not of it."""

    code = "sealed_value_changed"


@dataclass(frozen=True, slots=True)
class OpenDataKey:
    cipher: ChaCha20Poly1305
    hash_key: bytes

    def seal(self, text: str, column: str) -> str:
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = self.cipher.encrypt(nonce, text.encode(), column.encode())
        return SEALED + b64encode(nonce + sealed).decode()

    def open(self, text: str, column: str) -> str:
        content = b64decode(text.removeprefix(SEALED))
        return self.cipher.decrypt(content[:NONCE_BYTES], content[NONCE_BYTES:], column.encode()).decode()


class KnownDataKeys:
    """What this process knows. A key never changes, so one that was found is not read again."""

    def __init__(self, seconds_now: Callable[[], float] = time.monotonic) -> None:
        self._seconds_now = seconds_now
        self._lock = Lock()
        self._found: dict[str, OpenDataKey] = {}
        self._missed_at: dict[str, float] = {}

    def find(self, name: str, *, at_once: bool = False) -> OpenDataKey | None:
        """Return the key, or None where the shop has none. `at_once`: somebody else has used it.

        Raises:
            DataKeySealed: SECRET_KEY does not open it.
        """
        if self._is_settled(name, at_once=at_once):
            return self._found.get(name)
        with self._lock:
            if self._is_settled(name, at_once=at_once):  # another thread has asked meanwhile
                return self._found.get(name)
            if name in self._missed_at:
                self._missed_at[name] = self._seconds_now()  # this thread asks, and the others need not wait
            row = _read(name)
            if row is None:
                self._missed_at[name] = self._seconds_now()
                return None
            self._found[name] = _open(row)
            return self._found[name]

    def forget(self) -> None:
        with self._lock:
            self._found.clear()
            self._missed_at.clear()

    def _is_settled(self, name: str, *, at_once: bool) -> bool:
        missed_at = self._missed_at.get(name, float("-inf"))
        was_missed_lately = self._seconds_now() - missed_at < LOOK_AGAIN_SECONDS
        return name in self._found or (was_missed_lately and not at_once)


KNOWN = Part("data keys", KnownDataKeys)


class SealedText(TypeDecorator[str]):
    """Text that is sealed in the database, and plain in Python. `column` keeps one column's values out of another.

    It cannot be compared in SQL: search for a hash of it beside it (`keyed_hash`).
    """

    impl = String
    cache_ok = True

    def __init__(self, name: str, column: str) -> None:
        super().__init__()
        self.name = name
        self.column = column

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's signature
        return None if value is None else self.seal(value)

    def seal(self, text: str) -> str:
        """Return what is kept of a text, for who writes many: into a plain String, it is not sealed again."""
        key = KNOWN.get().find(self.name)
        return text if key is None else key.seal(text, self.column)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's signature
        if value is None or not value.startswith(SEALED):
            return value
        key = KNOWN.get().find(self.name, at_once=True)
        if key is None:
            measurements().see(CLOSED_KEY_AT)
            raise DataKeySealed("Sealed values are here, and no data key: bring the table data_keys back.")
        try:
            return key.open(value, self.column)
        except (InvalidTag, ValueError) as error:
            measurements().see(CLOSED_KEY_AT)
            raise SealedValueChanged("a sealed value belongs to another database, or was changed") from error


def keyed_hash(digest: str, name: str) -> str:
    """Return what a value with this digest is found by: without the data key nobody can try values against it."""
    key = KNOWN.get().find(name)
    return digest if key is None else KEYED + hmac.digest(key.hash_key, digest.encode(), "sha256").hex()


def hash_forms(digest: str, name: str) -> tuple[str, str]:
    """Return the two values under which a row may have it: as it is written now, and without a key."""
    return keyed_hash(digest, name), digest


def make_data_key(name: str) -> bool:
    """Make the key unless there is one. Of two that make it at once, both get the first one's. Safe to repeat."""
    content = secrets.token_bytes(2 * KEY_BYTES)
    row = {"name": name, "sealed": _seal(name, content), "created_at": clock.now()}
    with transaction() as session:
        is_new = insert_missing(session, DataKey, [row]) == 1
    KNOWN.get().forget()
    return is_new


def reseal_data_key(name: str) -> bool:
    """Seal it with the present SECRET_KEY, after that was changed. Returns False where nothing is to do.

    Raises:
        DataKeySealed: neither SECRET_KEY nor one of SECRET_KEY_FALLBACKS opens it.
    """
    with transaction() as session:
        row = session.scalars(select(DataKey).where(DataKey.name == name).with_for_update()).one_or_none()
        if row is None or _is_of_present_secret(row):
            return False
        row.sealed = _seal(name, _unseal(row.name, row.sealed))
    return True


def has_data_key(name: str) -> bool:
    return _read(name) is not None


def seconds_known(name: str) -> float:
    """Return for how long the shop has had the key. After twice LOOK_AGAIN_SECONDS every process knows it."""
    made_at = db.session.scalar(select(DataKey.created_at).where(DataKey.name == name))
    end_read()
    return 0.0 if made_at is None else max(0.0, (clock.now() - made_at).total_seconds())


def is_sealed_by_fallback(name: str) -> bool:
    """Return whether the key would be lost with SECRET_KEY_FALLBACKS, or is lost already."""
    row = _read(name)
    return row is not None and not _is_of_present_secret(row)


def opens(name: str) -> bool:
    """Return whether any secret of the settings opens the key."""
    row = _read(name)
    return row is not None and not is_closed(name, row.sealed)


def select_sealed(name: str) -> ScalarSelect[bytes]:
    """Select the key as it is kept, for a statement that asks for more; NULL where the shop has none."""
    return select(DataKey.sealed).where(DataKey.name == name).scalar_subquery()


def is_closed(name: str, sealed: bytes | None) -> bool:
    """Return whether no secret of the settings opens what `select_sealed` found. Opens it anew each time."""
    if sealed is None:
        return False
    try:
        unseal(sealed, purpose=PURPOSE, name=name, secret_keys=settings().secret_keys)
    except SealedByOther:
        return True
    return False


def _read(name: str) -> DataKey | None:
    """Read by a connection of its own: whoever asks may hold the last one of the pool."""
    columns = DataKey.__table__.c
    with outside_the_pool() as connection:
        row = connection.execute(select(columns.name, columns.sealed).where(columns.name == name)).one_or_none()
    return None if row is None else DataKey(name=row.name, sealed=row.sealed)


def _open(row: DataKey) -> OpenDataKey:
    content = _unseal(row.name, row.sealed)
    return OpenDataKey(ChaCha20Poly1305(content[:KEY_BYTES]), content[KEY_BYTES:])


def _seal(name: str, content: bytes) -> bytes:
    return seal(content, purpose=PURPOSE, name=name, secret_key=settings().secret_key)


def _unseal(name: str, sealed: bytes) -> bytes:
    try:
        return unseal(sealed, purpose=PURPOSE, name=name, secret_keys=settings().secret_keys)
    except SealedByOther as error:
        raise DataKeySealed(
            f"SECRET_KEY was changed since the {name} were sealed. Put the old one into SECRET_KEY_FALLBACKS: "
            "a backup has it. Then type `storefront keys seal`."
        ) from error


def _is_of_present_secret(row: DataKey) -> bool:
    try:
        unseal(row.sealed, purpose=PURPOSE, name=row.name, secret_keys=[settings().secret_key])
    except SealedByOther:
        return False
    return True
