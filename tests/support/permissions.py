"""What a restricted key needs, by Stripe's names of permissions."""

ALL_THAT_IS_NEEDED = (
    "checkout_session_write", "product_write", "plan_write", "payment_link_write", "charge_write", "webhook_write",
    "payment_intent_read", "dispute_write", "early_fraud_warning_read", "event_read", "balance_transaction_read",
    "payout_read", "file_write",
)  # fmt: skip
FOR_CARDS = ("customer_write", "payment_method_write")
FOR_INVOICES = ("invoice_read",)
FOR_TAX = ("customer_read", *FOR_INVOICES, "tax_settings_read")
