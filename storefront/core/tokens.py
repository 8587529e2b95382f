"""Random strings nobody can guess, and the hash we look them up by."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence

# No 0/O, 1/I/L, 5/S, 2/Z, 8/B, U/V: what people read aloud or type from paper stays unambiguous.
READABLE_ALPHABET = "34679ACDEFGHJKMNPQRTWXY"


TOKEN = re.compile(r"[A-Za-z0-9_-]{1,64}")


def new_token() -> str:
    """Return 128 random bits, URL-safe, 22 characters."""
    return secrets.token_urlsafe(16)


def is_token(text: str) -> bool:
    """Tell whether it could be a token of ours; PostgreSQL refuses a NUL, and an index very long text."""
    return TOKEN.fullmatch(text) is not None


def new_seed() -> bytes:
    return secrets.token_bytes(16)


def derive_seed(name: str, *, purpose: str, secret_key: str) -> bytes:
    """Return the same 16 bytes for the same name, so that what an old backup lacks is made again as it was."""
    return _digest(f"seed:{purpose}:{name}".encode(), secret_key)[:16]


def derive_token(seed: bytes, *, purpose: str, version: int, secret_key: str) -> str:
    """Return a 128-bit token (32 hex digits) from a stored seed and a secret that is not stored beside it.

    Another version is another token, and so is another secret: what was derived once is found by its hash.
    """
    return _digest(f"{purpose}:{version}:".encode() + seed, secret_key).hex()[:32]


def derive_known_token(
    seed: bytes, *, purpose: str, version: int, secret_keys: Sequence[str], token_hash: str
) -> str:
    """Return the token that has this hash: it was made with the present secret, or with one before it."""
    made = [
        derive_token(seed, purpose=purpose, version=version, secret_key=secret_key) for secret_key in secret_keys
    ]
    return choose_known(made, token_hash)


def choose_known(made: Sequence[str], token_hash: str) -> str:
    """Return the token that has this hash; the first one where none has."""
    return next((token for token in made if hash_token(token) == token_hash), made[0])


def derive_readable(seed: bytes, length: int, *, purpose: str, secret_key: str) -> str:
    """Return up to 50 letters of `READABLE_ALPHABET`, the same for the same seed, purpose and secret."""
    number = int.from_bytes(_digest(f"{purpose}:".encode() + seed, secret_key))
    letters = []
    for _ in range(length):
        number, letter = divmod(number, len(READABLE_ALPHABET))
        letters.append(READABLE_ALPHABET[letter])
    return "".join(letters)


def _digest(message: bytes, secret_key: str) -> bytes:
    return hmac.digest(secret_key.encode(), message, "sha256")


def hash_token(token: str) -> str:
    """Return SHA-256 in hex: tables are searched by it, so timing says nothing about the token."""
    return hashlib.sha256(token.encode()).hexdigest()


def new_readable(length: int) -> str:
    return "".join(secrets.choice(READABLE_ALPHABET) for _ in range(length))
