"""One module a Stripe resource; loading them fills the table of routes."""

from importlib import import_module

_MODULES = (
    "accounts",
    "products",
    "prices",
    "coupons",
    "promotion_codes",
    "customers",
    "customer_tax_ids",
    "tax",
    "invoices",
    "checkout_sessions",
    "checkout_session_actions",
    "payment_links",
    "payment_pages",
    "payment_methods",
    "payment_intents",
    "charges",
    "refunds",
    "disputes",
    "files",
    "early_fraud_warnings",
    "balance_transactions",
    "mandates",
    "cash_balances",
    "balances",
    "events",
    "webhook_endpoints",
)


def load() -> None:
    for name in _MODULES:
        import_module(f"{__name__}.{name}")
