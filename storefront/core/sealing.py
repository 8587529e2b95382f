"""Keeps bytes in the database unreadable without SECRET_KEY: each purpose has a key of its own."""

import secrets
from collections.abc import Sequence
from contextlib import suppress

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

NONCE_BYTES = 12


class SealedByOther(Exception):
    """Sealed with another SECRET_KEY, or under another name. Callers say what it means for whom."""


def seal(content: bytes, *, purpose: str, name: str, secret_key: str) -> bytes:
    """Return the content encrypted; it opens for this purpose and under this name only."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + _cipher(purpose, secret_key).encrypt(nonce, content, name.encode())


def unseal(sealed: bytes, *, purpose: str, name: str, secret_keys: Sequence[str]) -> bytes:
    """Return the content, opened by the first of the keys that fits.

    Raises:
        SealedByOther: none of them does, or this is another row's.
    """
    nonce, content = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
    for secret_key in secret_keys:
        with suppress(InvalidTag, ValueError):
            return _cipher(purpose, secret_key).decrypt(nonce, content, name.encode())
    raise SealedByOther


def _cipher(purpose: str, secret_key: str) -> ChaCha20Poly1305:
    derived = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=purpose.encode())
    return ChaCha20Poly1305(derived.derive(secret_key.encode()))
