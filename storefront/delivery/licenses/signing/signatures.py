"""Ed25519 keys that sign license files: one of a mode signs, private parts are sealed. See `signing_keys.py`.

JWS compact serialization (RFC 7515) with EdDSA (RFC 8037).
"""

import base64
import json
import secrets
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from storefront.core import clock
from storefront.core.db import db, insert_missing, transaction
from storefront.core.errors import StorefrontError
from storefront.core.runtime import Part, settings
from storefront.delivery.licenses.models import SigningKey

NONCE_BYTES = 12

UNSEALED_KEYS: Part[dict[str, Ed25519PrivateKey]] = Part("unsealed signing keys", dict)  # by kid


class SigningKeySealed(StorefrontError):
    """SECRET_KEY is another one than when the key was made."""

    code = "signing_key_sealed"
    status = 503
    title = "License files cannot be signed right now"


def encode(content: bytes) -> str:
    """base64url without padding, as JOSE wants it."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _sealer(secret_key: str) -> ChaCha20Poly1305:
    derived = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=b"storefront signing keys")
    return ChaCha20Poly1305(derived.derive(secret_key.encode()))


def seal(seed: bytes, *, kid: str, secret_key: str) -> bytes:
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + _sealer(secret_key).encrypt(nonce, seed, kid.encode())


def unseal(row: SigningKey, secret_key: str) -> bytes:
    nonce, sealed = row.private_sealed[:NONCE_BYTES], row.private_sealed[NONCE_BYTES:]
    try:
        return _sealer(secret_key).decrypt(nonce, sealed, row.kid.encode())
    except InvalidTag as error:
        raise SigningKeySealed(
            "SECRET_KEY was changed since the signing key was made. Type "
            "`OLD_SECRET_KEY=… storefront signing-keys reseal`, or `storefront signing-keys rotate --now`."
        ) from error


def new_row(*, signs_since: datetime | None) -> dict[str, Any]:
    private = Ed25519PrivateKey.generate()
    kid = secrets.token_hex(8)
    return {
        "kid": kid,
        "mode": settings().mode,
        "public_key": private.public_key().public_bytes_raw(),
        "private_sealed": seal(private.private_bytes_raw(), kid=kid, secret_key=settings().secret_key),
        "created_at": clock.now(),
        "signs_since": signs_since,
    }


def ensure_signing_key() -> SigningKey:
    """Made when first needed. Where the one that signed was revoked, a prepared one takes its place.

    Several processes may be the first: the schema lets one of them make it, and the others read it.
    """
    while True:
        found = db.session.scalars(
            select(SigningKey)
            .where(SigningKey.mode == settings().mode)
            .where(SigningKey.signs_since.is_not(None), SigningKey.retired_at.is_(None))
        ).one_or_none()
        if found is not None:
            return found
        # Refused where another process made one at the same moment: then that one is found.
        with suppress(IntegrityError), transaction() as session:
            _make_signer(session)


def _make_signer(session: Session) -> None:
    prepared = session.scalar(
        select(SigningKey.kid)
        .where(SigningKey.mode == settings().mode)
        .where(SigningKey.signs_since.is_(None), SigningKey.retired_at.is_(None))
        .with_for_update()
    )
    if prepared is None:
        insert_missing(session, SigningKey, [new_row(signs_since=clock.now())])
    else:
        session.execute(update(SigningKey).where(SigningKey.kid == prepared).values(signs_since=clock.now()))


def sign(claims: Mapping[str, Any], *, kind: str) -> str:
    """A JWS of these claims; `kind` is its `typ`. Not inside a transaction: the key may have to be made."""
    row = ensure_signing_key()
    unsealed = UNSEALED_KEYS.get()
    private = unsealed.get(row.kid)
    if private is None:
        private = Ed25519PrivateKey.from_private_bytes(unseal(row, settings().secret_key))
        unsealed[row.kid] = private
    header = {"alg": "EdDSA", "kid": row.kid, "typ": kind}
    content = ".".join(encode(json.dumps(part, separators=(",", ":")).encode()) for part in (header, claims))
    return f"{content}.{encode(private.sign(content.encode()))}"
