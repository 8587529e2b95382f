"""Signatures of deliveries: which secret one was made with, and what is wrong with one that matches none."""

import logging
import re
from contextlib import suppress
from typing import NoReturn

from storefront.core import clock
from storefront.core.errors import StorefrontError
from storefront.core.measurements import BAD_SIGNATURE_AT, STALE_SIGNATURE_AT, measurements

log = logging.getLogger(__name__)

TOLERANCE_SECONDS = 300  # Stripe's own
SIGNED_AT = re.compile(r"(?:^|,)t=(\d+)(?=,|$)", re.ASCII)
SIGNATURE = re.compile(r"(?:^|,)v1=[0-9a-f]{64}(?=,|$)")


class BadSignature(StorefrontError):
    code = "bad_signature"
    status = 400
    title = "The signature does not match"


class StaleSignature(StorefrontError):
    code = "stale_signature"
    status = 400
    title = "The signature is too old"


def is_signed_with(payload: bytes, signature: str, secret: str) -> bool:
    """Tell which secret a delivery that was verified belongs to."""
    return is_signed(payload.decode(), signature, (secret,), tolerance=TOLERANCE_SECONDS)


def refuse_signature(text: str, signature: str, secrets: tuple[str, ...]) -> NoReturn:
    """Stripe shows the answer in its Dashboard, so it says what to mend: the secret or the clock."""
    if not is_signed(text, signature, secrets, tolerance=None):
        _note_bad(signature)
        raise BadSignature(
            "The Stripe-Signature header matches the body with no secret of this shop, neither "
            "STRIPE_WEBHOOK_SECRET nor one that was made at /admin/ready."
        )
    measurements().see(STALE_SIGNATURE_AT)
    signed_at = SIGNED_AT.search(signature)
    minutes = int(clock.now().timestamp() - int(signed_at[1])) // 60 if signed_at else 0
    log.warning("webhook signature is right but old", extra={"minutes": minutes})
    raise StaleSignature(
        f"The signature is right, and {minutes} minutes old by the clock of this machine; 5 are allowed. "
        "Set that clock, or find what holds deliveries back."
    )


def _note_bad(signature: str) -> None:
    """Count what may be Stripe's. What has no signature is a stranger's, or a proxy took its header away."""
    if SIGNED_AT.search(signature) and SIGNATURE.search(signature):
        measurements().see(BAD_SIGNATURE_AT)
        log.warning("webhook signature matches no secret")
    else:
        log.warning("webhook delivery without a signature")


def is_signed(text: str, signature: str, secrets: tuple[str, ...], *, tolerance: int | None) -> bool:
    import stripe

    if not signature.isascii():  # the SDK's comparison would raise TypeError
        return False
    for secret in secrets:
        with suppress(stripe.SignatureVerificationError):
            return bool(stripe.WebhookSignature.verify_header(text, signature, secret, tolerance=tolerance))
    return False
