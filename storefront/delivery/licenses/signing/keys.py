"""The life of a signing key: prepared and published, then signing, then retired; revoked when it leaked.

One key of a mode signs. Programs carry public keys inside them, so the next key is published long before it signs,
and a release of the program that carries it can reach buyers first.
"""

import secrets
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import ScalarSelect, Select, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from storefront.audit.record import record
from storefront.core import clock
from storefront.core.db import db, insert_missing, transaction
from storefront.core.errors import NotFound, StorefrontError
from storefront.core.runtime import Part, settings
from storefront.delivery.licenses.models import SigningKey
from storefront.delivery.licenses.signing.sealing import seal

UNSEALED_KEYS: Part[dict[str, Ed25519PrivateKey]] = Part("unsealed signing keys", dict)  # by kid

IS_PREPARED = SigningKey.signs_since.is_(None) & SigningKey.retired_at.is_(None)
SIGNS = SigningKey.signs_since.is_not(None) & SigningKey.retired_at.is_(None)


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


def list_keys() -> list[PublicKey]:
    """Return the keys of the running mode, newest first, also revoked ones."""
    keys = db.session.scalars(
        _select_keys()
        .order_by(SigningKey.created_at.desc(), SigningKey.kid)
        .execution_options(populate_existing=True)
    )
    return [_to_public(key) for key in keys]


def _to_public(key: SigningKey) -> PublicKey:
    return PublicKey(
        kid=key.kid,
        public_key=key.public_key,
        created_at=key.created_at,
        signs_since=key.signs_since,
        retired_at=key.retired_at,
        revoked_at=key.revoked_at,
    )


def ensure_signing_key() -> SigningKey:
    """Return the key that signs. Where the one that signed was revoked, a prepared one takes its place.

    It is made when first needed. Several processes may be the first: the schema lets one of them make it, and the
    others read it.
    """
    while True:
        key = db.session.scalars(_select_keys().where(SIGNS)).one_or_none()
        if key is not None:
            return key
        # Refused where another process made one at the same moment: then that one is found.
        with suppress(IntegrityError), transaction() as session:
            prepared = session.scalars(_select_keys().where(IS_PREPARED).with_for_update()).one_or_none()
            _start_signing(session, prepared)


def prepare() -> str:
    """Publish the next key from now on, which signs nothing until `rotate`. Safe to repeat; returns its kid."""
    ensure_signing_key()
    while True:
        with transaction() as session:
            prepared = session.scalars(_select_keys().where(IS_PREPARED)).one_or_none()
            if prepared is not None:
                return prepared.kid
            kid = _insert_key(session, signs_since=None)
            if kid is not None:
                record(session, "signing_key.prepared", subject_kind="signing_key", subject=kid)
                return kid


def rotate(*, now: bool = False) -> str:
    """Let the prepared key sign from now on; older ones stay published, so their files verify. Returns its kid.

    `now` is for a leak: a key that no program carries yet is better than one that strangers have.

    Raises:
        NothingPrepared: programs could not verify what a new key signs.
    """
    ensure_signing_key()
    while True:
        kid = _rotate_once(now=now)
        if kid is not None:
            return kid


def _lock_current(session: Session) -> Sequence[SigningKey]:
    return session.scalars(
        _select_keys()
        .where(SigningKey.retired_at.is_(None))
        .order_by(SigningKey.kid)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()


def _rotate_once(*, now: bool) -> str | None:
    """Return None when another process rotated at the same moment: then look again."""
    with transaction() as session:
        current = _lock_current(session)
        prepared = next((key for key in current if key.signs_since is None), None)
        if prepared is None and not now:
            raise NothingPrepared(
                "There is no prepared key. Type `storefront signing-keys prepare`, ship its public key in a "
                "release of your program, then rotate. After a leak: `storefront signing-keys rotate --now`."
            )
        signed = next((key.kid for key in current if key.signs_since is not None), None)
        _retire_signers(session, current)
        kid = _start_signing(session, prepared)
        if kid is not None:
            _record_rotation(session, signed, kid)
        return kid


def _record_rotation(session: Session, before: str | None, now: str) -> None:
    record(
        session,
        "signing_key.rotated",
        subject_kind="signing_key",
        subject=now,
        before={"signs": before},
        after={"signs": now},
    )


def _record_revocation(session: Session, key: SigningKey) -> None:
    record(
        session,
        "signing_key.revoked",
        subject_kind="signing_key",
        subject=key.kid,
        before={"state": _to_public(key).state.value},
        after={"state": KeyState.REVOKED.value},
    )


def revoke(kid: str) -> None:
    """Publish a key that leaked no more: every file that it signed stops verifying. Safe to repeat.

    Raises:
        NotFound: no such key in the running mode.
    """
    with transaction() as session:
        key = session.get(SigningKey, kid, with_for_update=True)
        if key is None or key.mode != settings().mode:
            raise NotFound(f"There is no signing key {kid}. `storefront signing-keys list` shows them.")
        if key.revoked_at is None:
            _record_revocation(session, key)
        key.revoked_at = key.revoked_at or clock.now()
        key.retired_at = key.retired_at or key.revoked_at
    UNSEALED_KEYS.get().pop(kid, None)


def _select_keys() -> Select[SigningKey]:
    return select(SigningKey).where(SigningKey.mode == settings().mode)


def select_signer() -> tuple[ScalarSelect[str], ScalarSelect[bytes]]:
    """Select the kid of the key that signs and its sealed private part, for a statement that asks for more.

    NULL where the shop has signed nothing yet.
    """
    signs = SigningKey.mode == settings().mode, SIGNS
    return (
        select(SigningKey.kid).where(*signs).scalar_subquery(),
        select(SigningKey.private_sealed).where(*signs).scalar_subquery(),
    )


def _retire_signers(session: Session, keys: Iterable[SigningKey]) -> None:
    for key in keys:
        if key.signs_since is not None:
            key.retired_at = clock.now()
    session.flush()  # before another signs: the schema allows one


def _start_signing(session: Session, prepared: SigningKey | None) -> str | None:
    """Let the prepared key sign, or else a new one. Returns its kid, or None where another process made one."""
    if prepared is None:
        return _insert_key(session, signs_since=clock.now())
    session.execute(update(SigningKey).where(SigningKey.kid == prepared.kid).values(signs_since=clock.now()))
    return prepared.kid


def _insert_key(session: Session, *, signs_since: datetime | None) -> str | None:
    """Return the new key's kid, or None where the schema has one in its place already."""
    row = _new_row(signs_since=signs_since)
    return str(row["kid"]) if insert_missing(session, SigningKey, [row]) else None


def _new_row(*, signs_since: datetime | None) -> dict[str, Any]:
    private_key = Ed25519PrivateKey.generate()
    kid = secrets.token_hex(8)
    return {
        "kid": kid,
        "mode": settings().mode,
        "public_key": private_key.public_key().public_bytes_raw(),
        "private_sealed": seal(private_key.private_bytes_raw(), kid=kid, secret_key=settings().secret_key),
        "created_at": clock.now(),
        "signs_since": signs_since,
    }
