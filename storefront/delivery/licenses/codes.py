"""Why a license works or does not, for programs: stable constants, in the order in which they are asked."""

from enum import StrEnum

from storefront.orders.access import Reason


class Code(StrEnum):
    """Never renamed. Of several that apply the one listed first is answered."""

    INVALID_REQUEST = "INVALID_REQUEST"
    RATE_LIMITED = "RATE_LIMITED"
    UNAVAILABLE = "UNAVAILABLE"
    MISTYPED = "MISTYPED"
    NOT_FOUND = "NOT_FOUND"
    REPLACED = "REPLACED"
    WITHDRAWN = "WITHDRAWN"
    AWAITING_PAYMENT = "AWAITING_PAYMENT"
    PAYMENT_FAILED = "PAYMENT_FAILED"
    REFUNDED = "REFUNDED"
    DISPUTED = "DISPUTED"
    DISPUTE_LOST = "DISPUTE_LOST"
    EXPIRED = "EXPIRED"
    PRODUCT_MISMATCH = "PRODUCT_MISMATCH"
    INSTANCE_NOT_FOUND = "INSTANCE_NOT_FOUND"
    FINGERPRINT_MISMATCH = "FINGERPRINT_MISMATCH"
    ACTIVATION_LIMIT_REACHED = "ACTIVATION_LIMIT_REACHED"
    VALID = "VALID"


CODES_OF_REASONS = {
    Reason.WITHDRAWN: Code.WITHDRAWN,
    Reason.AWAITING_PAYMENT: Code.AWAITING_PAYMENT,
    Reason.PAYMENT_FAILED: Code.PAYMENT_FAILED,
    Reason.REFUNDED: Code.REFUNDED,
    Reason.ITEM_REFUNDED: Code.REFUNDED,
    Reason.DISPUTED: Code.DISPUTED,
    Reason.DISPUTE_LOST: Code.DISPUTE_LOST,
}
# The two that Lemon Squeezy is known to answer are in its words: programs look for them.
SENTENCES = {
    Code.MISTYPED: "license_key not found. It looks mistyped: please compare it with your receipt.",
    Code.NOT_FOUND: "license_key not found.",
    Code.REPLACED: "This license key was replaced by another one. The new key is on your order page.",
    Code.WITHDRAWN: "This license key was withdrawn by the shop.",
    Code.AWAITING_PAYMENT: "The payment for this license key has not arrived yet.",
    Code.PAYMENT_FAILED: "The payment for this license key did not go through.",
    Code.REFUNDED: "This license key was refunded.",
    Code.DISPUTED: "The payment for this license key is disputed; it pauses until that is settled.",
    Code.DISPUTE_LOST: "The payment for this license key was taken back by the bank.",
    Code.EXPIRED: "This license key has expired.",
    Code.PRODUCT_MISMATCH: "This license key belongs to another product.",
    Code.INSTANCE_NOT_FOUND: "This license key has no such instance.",
    Code.FINGERPRINT_MISMATCH: "This license key is not activated on this device.",
    Code.ACTIVATION_LIMIT_REACHED: "This license key has reached the activation limit.",
}
NOT_FOUND = frozenset({Code.MISTYPED, Code.NOT_FOUND, Code.INSTANCE_NOT_FOUND})


def http_status(code: Code) -> int:
    """Return the HTTP status of a refusal."""
    return 404 if code in NOT_FOUND else 400
