"""Why something was refused, in the owner's words: the end of a sentence that begins with "because"."""

from storefront.orders.access import Reason

_WORDS = {
    Reason.AWAITING_PAYMENT: "the payment has not arrived",
    Reason.PAYMENT_FAILED: "the payment failed",
    Reason.REFUNDED: "the order was refunded",
    Reason.DISPUTED: "the payment is disputed",
    Reason.DISPUTE_LOST: "the dispute was lost",
    Reason.WITHDRAWN: "the order or its key was withdrawn",
    Reason.ITEM_REFUNDED: "this part of the order was refunded",
    "download_limit_reached": "it was downloaded as often as it may be",
    "downloads_ended": "the time to download was over",
    "gift": "the order is a gift, and its keys are for who receives it",
    "link_ended": "the short-lived address of the file had expired",
    "old_link": "they used an old link of the order",
    "not_found": "there is no such file in this order",
    "file_missing": "the file is missing in the shop's storage",
    "too_many_downloads": "too many downloads were running at once",
    # of the license API
    "activation_limit_reached": "the key is used on as many devices as it may be",
    "replaced": "this key was replaced by another one",
    "expired": "the license has expired",
    "product_mismatch": "the key is of another product",
}


def reason_words(reason: str) -> str:
    """Return the words for an access reason, the code of a refused download or a code of the license API."""
    return _WORDS.get(reason, reason.replace("_", " "))
