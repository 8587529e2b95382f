"""Keeps the private parts of signing keys unreadable without SECRET_KEY, and seals them anew when that changes."""

from dataclasses import dataclass

from sqlalchemy import select

from storefront.audit.record import record
from storefront.core import sealing
from storefront.core.db import transaction
from storefront.core.errors import StorefrontError
from storefront.core.runtime import settings
from storefront.core.texts import marked
from storefront.delivery.licenses.models import SigningKey

PURPOSE = "storefront signing keys"


class SigningKeySealed(StorefrontError):
    """SECRET_KEY is another one than when the key was made."""

    code = "signing_key_sealed"
    status = 503
    title = marked("License files cannot be signed right now")


@dataclass(frozen=True, slots=True)
class Resealed:
    """`skipped` are old keys that neither secret opens: they only verify, and need no private part for that."""

    changed: int
    skipped: tuple[str, ...]


def seal(private_key: bytes, *, kid: str, secret_key: str) -> bytes:
    """Return the 32 bytes of a private key encrypted; they open under this `kid` only."""
    return sealing.seal(private_key, purpose=PURPOSE, name=kid, secret_key=secret_key)


def unseal(key: SigningKey, *secret_keys: str) -> bytes:
    """Return the 32 bytes of a private key.

    Raises:
        SigningKeySealed: it was sealed with another SECRET_KEY, or under another name.
    """
    try:
        return sealing.unseal(key.private_sealed, purpose=PURPOSE, name=key.kid, secret_keys=secret_keys)
    except sealing.SealedByOther as error:
        raise SigningKeySealed(
            "SECRET_KEY was changed since the signing key was made. Put the old one into SECRET_KEY_FALLBACKS, "
            "or type `OLD_SECRET_KEY=… storefront signing-keys reseal`, or `storefront signing-keys rotate --now`."
        ) from error


def is_closed(kid: str | None, sealed: bytes | None) -> bool:
    """Return whether no secret of the settings opens what `select_signer` found. Opens it anew each time."""
    if kid is None or sealed is None:
        return False
    try:
        sealing.unseal(sealed, purpose=PURPOSE, name=kid, secret_keys=settings().secret_keys)
    except sealing.SealedByOther:
        return True
    return False


def reseal(*old_secret_keys: str) -> Resealed:
    """Seal the keys of every mode with the present SECRET_KEY, after it was changed. Safe to repeat.

    Raises:
        SigningKeySealed: neither an old nor the present SECRET_KEY opens a key that signs, or will.
    """
    changed, skipped = 0, []
    with transaction() as session:
        for key in session.scalars(select(SigningKey).order_by(SigningKey.kid).with_for_update()):
            try:
                changed += _reseal_one(key, old_secret_keys)
            except SigningKeySealed:
                if key.retired_at is None:
                    raise
                skipped.append(key.kid)
        if changed:
            record(
                session,
                "signing_keys.resealed",
                subject_kind="signing_keys",
                subject="signing keys",
                after={"changed": changed, "skipped": skipped},
            )
    return Resealed(changed, tuple(skipped))


def _reseal_one(key: SigningKey, old_secret_keys: tuple[str, ...]) -> bool:
    """Return False when the present SECRET_KEY opens it already."""
    try:
        unseal(key, settings().secret_key)
    except SigningKeySealed:
        private_key = unseal(key, *old_secret_keys)
        key.private_sealed = seal(private_key, kid=key.kid, secret_key=settings().secret_key)
        return True
    return False
