"""Signs license files and revocation lists: JWS compact serialization (RFC 7515) with EdDSA (RFC 8037)."""

import base64
import json
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from storefront.core.runtime import settings
from storefront.delivery.licenses.models import SigningKey
from storefront.delivery.licenses.signing.keys import UNSEALED_KEYS, ensure_signing_key
from storefront.delivery.licenses.signing.sealing import unseal


def encode(content: bytes) -> str:
    """Return base64url without padding, as JOSE wants it."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def sign(claims: Mapping[str, Any], *, kind: str) -> str:
    """Return a JWS of these claims; `kind` is its `typ`. Not inside a transaction: the key may have to be made."""
    key = ensure_signing_key()
    header = {"alg": "EdDSA", "kid": key.kid, "typ": kind}
    content = ".".join(encode(json.dumps(part, separators=(",", ":")).encode()) for part in (header, claims))
    return f"{content}.{encode(_private_key(key).sign(content.encode()))}"


def _private_key(key: SigningKey) -> Ed25519PrivateKey:
    """Return the unsealed key, which is kept in memory: unsealing costs more than signing."""
    unsealed = UNSEALED_KEYS.get()
    private_key = unsealed.get(key.kid)
    if private_key is None:
        private_key = Ed25519PrivateKey.from_private_bytes(unseal(key, *settings().secret_keys))
        unsealed[key.kid] = private_key
    return private_key
