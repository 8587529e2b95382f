"""Licenses, devices, imported keys, custody and signing keys. Rows only."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storefront.core import clock
from storefront.core.data_keys import SealedText
from storefront.core.db import Base
from storefront.core.partial_indexes import partial_index
from storefront.delivery.licenses.sealed import LICENSE_KEYS

POOL_KEY = SealedText(LICENSE_KEYS, "pool_keys.key")


class License(Base):
    """The key a license grant carries: one a grant. A grant without one waits for keys to be imported.

    What the product said at the sale stays: limit, seats and expiry do not change with the catalog.
    """

    __tablename__ = "licenses"

    id: Mapped[int] = mapped_column(primary_key=True)
    grant_id: Mapped[int] = mapped_column(ForeignKey("grants.id"), unique=True)
    key: Mapped[str] = mapped_column(SealedText(LICENSE_KEYS, "licenses.key"))  # as shown, and sealed at rest
    key_hash: Mapped[str] = mapped_column(unique=True)  # keys are found by this: see `sealed.hashes_of`
    mode: Mapped[str]
    activation_limit: Mapped[int | None]  # None: no limit
    seats: Mapped[int | None]
    expires_at: Mapped[datetime | None]  # None: never
    withdrawn_at: Mapped[datetime | None]  # by the owner: this key alone, not its order
    generation: Mapped[int] = mapped_column(default=1)  # raised by each other key: older files are void
    label: Mapped[str | None]  # what whoever has it calls it, to tell several apart; personal data
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


class Activation(Base):
    """One device that uses a license; deactivating deletes it. `id` is a UUID, the `instance_id` of the API."""

    __tablename__ = "activations"
    __table_args__ = (UniqueConstraint("license_id", "fingerprint"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    license_id: Mapped[int] = mapped_column(ForeignKey("licenses.id"), index=True)
    name: Mapped[str]
    fingerprint: Mapped[str | None]  # what the program says, or `device_names`; no None equals another
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


_UNSOLD = "grant_id IS NULL AND withdrawn_at IS NULL AND removed_at IS NULL"


class PoolKey(Base):
    """A key that the owner imported. With `grant_id` it is sold, and stays so for ever.

    One that was removed keeps its row for the sake of its history, and may be imported again.
    """

    __tablename__ = "pool_keys"
    __table_args__ = (
        Index(None, "product_id", "mode", "grant_id"),
        # The next key to sell: without this a sale sorts the whole pool.
        partial_index(
            "ix_pool_keys_unsold",
            "product_id",
            "mode",
            "id",
            where=_UNSOLD,
        ),
        # Over all products and modes: no key is sold twice.
        partial_index(
            "uq_pool_keys_key_hash",
            "key_hash",
            unique=True,
            where="removed_at IS NULL",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"))
    mode: Mapped[str]
    key: Mapped[str] = mapped_column(POOL_KEY)
    key_hash: Mapped[str]
    grant_id: Mapped[int | None] = mapped_column(ForeignKey("grants.id"), index=True)
    handed_out_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]  # by the owner, before it was sold: never handed out
    removed_at: Mapped[datetime | None]  # by the owner: imported by mistake
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


class RetiredKey(Base):
    """A key that was replaced: known as such for ever, and never given to anybody else."""

    __tablename__ = "retired_keys"

    key_hash: Mapped[str] = mapped_column(primary_key=True)
    license_id: Mapped[int] = mapped_column(ForeignKey("licenses.id"), index=True)
    hint: Mapped[str]  # its last letters
    retired_at: Mapped[datetime] = mapped_column(default=clock.now)


class KeyEventKind(StrEnum):
    """What happened to a key. Stored: values never change."""

    IMPORTED = "imported"
    REMOVED = "removed"
    HANDED_OUT = "handed_out"
    REPLACED = "replaced"
    WITHDRAWN = "withdrawn"
    RESTORED = "restored"
    ACTIVATED = "activated"
    DEACTIVATED = "deactivated"
    EXTENDED = "extended"
    UPGRADED = "upgraded"


class KeyEvent(Base):
    """One line of who had which key when. Never updated; holds no key and no address."""

    __tablename__ = "key_events"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(default=clock.now)
    what: Mapped[str]  # a KeyEventKind
    pool_key_id: Mapped[int | None] = mapped_column(ForeignKey("pool_keys.id"), index=True)
    license_id: Mapped[int | None] = mapped_column(ForeignKey("licenses.id"), index=True)
    detail: Mapped[str] = mapped_column(default="")


def _only_one(name: str, where: str) -> Index:
    """Allow one of a mode, whoever else makes one at the same moment."""
    return partial_index(f"uq_signing_keys_{name}", "mode", unique=True, where=where)


class SigningKey(Base):
    """An Ed25519 key of one mode: prepared, then signing, then retired. `private_sealed` needs SECRET_KEY."""

    __tablename__ = "signing_keys"
    __table_args__ = (
        _only_one("signs", "signs_since IS NOT NULL AND retired_at IS NULL"),
        _only_one("prepared", "signs_since IS NULL AND retired_at IS NULL"),
    )

    kid: Mapped[str] = mapped_column(primary_key=True)
    mode: Mapped[str] = mapped_column(index=True)
    public_key: Mapped[bytes]  # 32 bytes
    private_sealed: Mapped[bytes]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    signs_since: Mapped[datetime | None]  # None: prepared, and published for programs to carry
    retired_at: Mapped[datetime | None]  # signs no more; still published, so that old files verify
    revoked_at: Mapped[datetime | None]  # leaked: not published any more
