"""The types of events that the shop acts on: what its endpoint asks Stripe for, and what is done about each."""

SESSION_EVENTS = frozenset(
    {
        "checkout.session.completed",
        "checkout.session.async_payment_succeeded",
        "checkout.session.async_payment_failed",
        "checkout.session.expired",
    }
)
# About a payment: what they tell is read from Stripe, like everything else. One that finds no order may have come
# while the sale was between reading and writing: it stays unhandled, and the worker looks again in five minutes.
PAYMENT_EVENTS = frozenset(
    {
        "charge.refunded",
        "refund.created",
        "refund.updated",
        "refund.failed",
        "charge.dispute.created",
        "charge.dispute.updated",
        "charge.dispute.closed",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.funds_reinstated",
        "radar.early_fraud_warning.created",
        "radar.early_fraud_warning.updated",
        "payment_intent.partially_funded",
    }
)

# About a Customer: an invoice has its number, a register has spoken of a tax id, a transfer was too much.
CUSTOMER_EVENTS = frozenset({"customer.tax_id.updated", "invoice.paid", "cash_balance.funds_available"})

# Stripe has booked a charge: its fee is known now. A sale is as it was, and reconciliation finds what is missed.
MONEY_EVENTS = frozenset({"charge.updated"})

# What the endpoint of a shop is sent.
HANDLED = SESSION_EVENTS | PAYMENT_EVENTS | CUSTOMER_EVENTS | MONEY_EVENTS
