"""Ed25519 keys that sign license files: one of a mode signs, older ones stay published. Private parts are sealed.

JWS compact serialization (RFC 7515) with EdDSA (RFC 8037).
"""

import base64
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from flask import current_app
from sqlalchemy import select

from storefront import clock
from storefront.db import db, transaction
from storefront.errors import NotFound, StorefrontError
from storefront.licenses.models import SigningKey
from storefront.web import settings

NONCE_BYTES = 12


class SigningKeySealed(StorefrontError):
    """SECRET_KEY is another one than when the key was made."""

    code = "signing_key_sealed"
    status = 503
    title = "License files cannot be signed right now"


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicKey:
    """`public_key` is 32 bytes. Published until it is revoked; signs while it is neither retired nor revoked."""

    kid: str
    public_key: bytes
    created_at: datetime
    retired_at: datetime | None
    revoked_at: datetime | None


def encode(content: bytes) -> str:
    """base64url without padding, as JOSE wants it."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _sealer(secret_key: str) -> ChaCha20Poly1305:
    derived = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=b"storefront signing keys")
    return ChaCha20Poly1305(derived.derive(secret_key.encode()))


def _seal(seed: bytes, *, kid: str, secret_key: str) -> bytes:
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + _sealer(secret_key).encrypt(nonce, seed, kid.encode())


def _unseal(row: SigningKey, secret_key: str) -> bytes:
    nonce, sealed = row.private_sealed[:NONCE_BYTES], row.private_sealed[NONCE_BYTES:]
    try:
        return _sealer(secret_key).decrypt(nonce, sealed, row.kid.encode())
    except InvalidTag as error:
        raise SigningKeySealed(
            "SECRET_KEY was changed since the signing key was made. Type "
            "`OLD_SECRET_KEY=… storefront signing-keys reseal`, or `storefront signing-keys rotate` for a new one."
        ) from error


def _new_row(mode: str, secret_key: str) -> SigningKey:
    private = Ed25519PrivateKey.generate()
    kid = secrets.token_hex(8)
    return SigningKey(
        kid=kid,
        mode=mode,
        public_key=private.public_key().public_bytes_raw(),
        private_sealed=_seal(private.private_bytes_raw(), kid=kid, secret_key=secret_key),
        created_at=clock.now(),
    )


def _find_signing(mode: str) -> SigningKey | None:
    return db.session.scalars(
        select(SigningKey)
        .where(SigningKey.mode == mode, SigningKey.retired_at.is_(None), SigningKey.revoked_at.is_(None))
        .order_by(SigningKey.created_at.desc(), SigningKey.kid)
        .limit(1)
    ).one_or_none()


def ensure_signing_key() -> SigningKey:
    """Made when first needed. Two processes that are both first may each make one: both are published."""
    return _find_signing(settings().mode) or _make_first()


def _make_first() -> SigningKey:
    with transaction() as session:
        made = _new_row(settings().mode, settings().secret_key)
        session.add(made)
    return made


def sign(claims: Mapping[str, Any], *, kind: str) -> str:
    """A JWS of these claims; `kind` is its `typ`. Not inside a transaction: the key may have to be made."""
    row = ensure_signing_key()
    unsealed: dict[str, Ed25519PrivateKey] = current_app.extensions.setdefault("signing_keys", {})
    private = unsealed.get(row.kid)
    if private is None:
        private = Ed25519PrivateKey.from_private_bytes(_unseal(row, settings().secret_key))
        unsealed[row.kid] = private
    header = {"alg": "EdDSA", "kid": row.kid, "typ": kind}
    content = ".".join(encode(json.dumps(part, separators=(",", ":")).encode()) for part in (header, claims))
    return f"{content}.{encode(private.sign(content.encode()))}"


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
            retired_at=row.retired_at,
            revoked_at=row.revoked_at,
        )
        for row in rows
    ]


def rotate() -> str:
    """A new key signs from now on; the others stay published, so their files verify. Returns its kid."""
    with transaction() as session:
        old = select(SigningKey).where(SigningKey.mode == settings().mode, SigningKey.retired_at.is_(None))
        for row in session.scalars(old.with_for_update()):
            row.retired_at = clock.now()
        made = _new_row(settings().mode, settings().secret_key)
        session.add(made)
        return made.kid


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
    current_app.extensions.get("signing_keys", {}).pop(kid, None)


def reseal(old_secret_key: str) -> int:
    """After SECRET_KEY was changed: seal every key anew. Safe to repeat; returns how many were changed.

    Raises:
        SigningKeySealed: neither the old nor the present SECRET_KEY opens one of them.
    """
    changed = 0
    with transaction() as session:
        for row in session.scalars(select(SigningKey).with_for_update()):
            try:
                _unseal(row, settings().secret_key)
            except SigningKeySealed:
                seed = _unseal(row, old_secret_key)
                row.private_sealed = _seal(seed, kid=row.kid, secret_key=settings().secret_key)
                changed += 1
    return changed
