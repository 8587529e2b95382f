"""What options take, written out: the enums behind these words load the database, and `--help` must not.

tests/cli/test_choices.py compares them.
"""

import click

from storefront.core.row_ids import LARGEST

ROW_ID = click.IntRange(1, LARGEST)
MOST = 10_000  # lines of a list
ORDER_STATES = (
    "paid", "free", "partly_refunded", "dispute_won", "inquiry", "dispute_unknown", "awaiting_payment",
    "payment_failed", "refunded", "disputed", "dispute_lost", "withdrawn", "allowed_by_shop",
)  # fmt: skip
DECISIONS = ("follow_payment", "withdraw", "allow")
MAIL_STATES = ("queued", "sending", "sent", "canceled", "failed", "paused")
KEY_SOURCES = ("generated", "pool")
FILE_FORMATS = ("csv", "xlsx")
SEPARATORS = ("comma", "semicolon", "tab")
DECIMAL_SIGNS = ("point", "comma")
CHECKOUT_UIS = ("embedded", "hosted", "elements")
REFUND_REASONS = ("requested_by_customer", "duplicate", "fraudulent")
EVIDENCE_FILES = (
    "receipt", "customer_communication", "service_documentation", "refund_policy",
    "duplicate_charge_documentation", "uncategorized_file",
)  # fmt: skip
ROLES = ("owner", "support", "accountant", "reader")
TYPE_PAIRINGS = ("classic", "modern", "book", "technical")
LEGAL_KINDS = ("imprint", "terms", "privacy", "refunds")
LANGUAGES = ("en", "de", "fr", "es")
READERS = ("buyer", "receiver")
EMAILS = (
    "receipt", "waiting_for_bank", "payment_failed", "refunded", "keys_arrived", "key_replaced", "gift",
    "new_release", "checkout_reminder", "proof", "availability_confirm", "available",
)  # fmt: skip
