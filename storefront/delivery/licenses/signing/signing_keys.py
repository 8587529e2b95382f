"""The life of a signing key: prepared and published, then signing, then retired; revoked when it leaked.

Programs carry public keys inside them. So the next key is published long before it signs, and a release of the
program that carries it can reach buyers first.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select, update

from storefront.core import clock
from storefront.core.db import db, insert_missing, transaction
from storefront.core.errors import NotFound, StorefrontError
from storefront.core.runtime import settings
from storefront.delivery.licenses.models import SigningKey
from storefront.delivery.licenses.signing.signatures import (
    UNSEALED_KEYS,
    SigningKeySealed,
    ensure_signing_key,
    new_row,
    seal,
    unseal,
)


class NothingPrepared(StorefrontError):
    code = "nothing_prepared"
    status = 409
    title = "There is no prepared key"


class KeyState(StrEnum):
    PREPARED = "prepared"
    SIGNS = "signs"
    RETIRED = "retired"  # still published, so that its files verify
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicKey:
    """`public_key` is 32 bytes. Published until it is revoked."""

    kid: str
    public_key: bytes
    created_at: datetime
    signs_since: datetime | None
    retired_at: datetime | None
    revoked_at: datetime | None

    @property
    def state(self) -> KeyState:
        if self.revoked_at is not None:
            return KeyState.REVOKED
        if self.retired_at is not None:
            return KeyState.RETIRED
        return KeyState.PREPARED if self.signs_since is None else KeyState.SIGNS


@dataclass(frozen=True, slots=True)
class Resealed:
    """`skipped` are old keys that neither secret opens: they only verify, and need no private part for that."""

    changed: int
    skipped: tuple[str, ...]


def list_keys() -> list[PublicKey]:
    """Of the running mode, newest first, also revoked ones."""
    rows = db.session.scalars(
        select(SigningKey)
        .where(SigningKey.mode == settings().mode)
        .order_by(SigningKey.created_at.desc(), SigningKey.kid)
        .execution_options(populate_existing=True)
    )
    return [
        PublicKey(
            kid=row.kid,
            public_key=row.public_key,
            created_at=row.created_at,
            signs_since=row.signs_since,
            retired_at=row.retired_at,
            revoked_at=row.revoked_at,
        )
        for row in rows
    ]


def prepare() -> str:
    """The next key: published from now on, and signs nothing until `rotate`. Safe to repeat; returns its kid."""
    ensure_signing_key()
    while True:
        with transaction() as session:
            found = session.scalar(
                select(SigningKey.kid)
                .where(SigningKey.mode == settings().mode)
                .where(SigningKey.signs_since.is_(None), SigningKey.retired_at.is_(None))
            )
            if found is not None:
                return found
            row = new_row(signs_since=None)
            if insert_missing(session, SigningKey, [row]):
                return str(row["kid"])


def rotate(*, now: bool = False) -> str:
    """The prepared key signs from now on; older ones stay published, so their files verify. Returns its kid.

    `now` is for a leak: a key that no program carries yet is better than one that strangers have.

    Raises:
        NothingPrepared: programs could not verify what a new key signs.
    """
    ensure_signing_key()
    while True:
        made = _rotate_once(now=now)
        if made is not None:
            return made


def _rotate_once(*, now: bool) -> str | None:
    """None when another process rotated at the same moment: then look again."""
    with transaction() as session:
        current = session.scalars(
            select(SigningKey)
            .where(SigningKey.mode == settings().mode, SigningKey.retired_at.is_(None))
            .order_by(SigningKey.kid)
            .with_for_update()
            .execution_options(populate_existing=True)
        ).all()
        prepared = next((row.kid for row in current if row.signs_since is None), None)
        if prepared is None and not now:
            raise NothingPrepared(
                "There is no prepared key. Type `storefront signing-keys prepare`, ship its public key in a "
                "release of your program, then rotate. After a leak: `storefront signing-keys rotate --now`."
            )
        for row in current:
            if row.signs_since is not None:
                row.retired_at = clock.now()
        session.flush()
        if prepared is not None:
            session.execute(update(SigningKey).where(SigningKey.kid == prepared).values(signs_since=clock.now()))
            return prepared
        made = new_row(signs_since=clock.now())
        return str(made["kid"]) if insert_missing(session, SigningKey, [made]) else None


def revoke(kid: str) -> None:
    """It leaked: it is not published any more, and every file it signed stops verifying. Safe to repeat.

    Raises:
        NotFound: no such key in the running mode.
    """
    with transaction() as session:
        row = session.get(SigningKey, kid, with_for_update=True)
        if row is None or row.mode != settings().mode:
            raise NotFound(f"There is no signing key {kid}. `storefront signing-keys list` shows them.")
        row.revoked_at = row.revoked_at or clock.now()
        row.retired_at = row.retired_at or row.revoked_at
    UNSEALED_KEYS.get().pop(kid, None)


def reseal(old_secret_key: str) -> Resealed:
    """After SECRET_KEY was changed: seal every key anew. Safe to repeat.

    Raises:
        SigningKeySealed: neither the old nor the present SECRET_KEY opens a key that signs, or will.
    """
    changed, skipped = 0, []
    with transaction() as session:
        for row in session.scalars(select(SigningKey).order_by(SigningKey.kid).with_for_update()):
            try:
                changed += _reseal_one(row, old_secret_key)
            except SigningKeySealed:
                if row.retired_at is None:
                    raise
                skipped.append(row.kid)
    return Resealed(changed, tuple(skipped))


def _reseal_one(row: SigningKey, old_secret_key: str) -> bool:
    """False when the present SECRET_KEY opens it."""
    try:
        unseal(row, settings().secret_key)
    except SigningKeySealed:
        seed = unseal(row, old_secret_key)
        row.private_sealed = seal(seed, kid=row.kid, secret_key=settings().secret_key)
        return True
    return False
