"""What a restricted key may do: Stripe's 403 for a call that its permissions do not cover."""

from collections.abc import Collection

from storefront.devtools.sandbox.api.errors import StripeApiError
from storefront.devtools.sandbox.api.routes import Route
from storefront.devtools.sandbox.ids import masked

# By the first part of the path. Prices are plans here, refunds belong to charges.
_RESOURCES = {
    "account": "accounts_kyc_basic",
    "balance": "balance",
    "balance_transactions": "balance_transaction",
    "charges": "charge",
    "checkout": "checkout_session",
    "coupons": "coupon",
    "customers": "customer",
    "disputes": "dispute",
    "events": "event",
    "files": "file",
    "payment_intents": "payment_intent",
    "invoices": "invoice",
    "mandates": "mandate",
    "payment_links": "payment_link",
    "payment_methods": "payment_method",
    "payouts": "payout",
    "prices": "plan",
    "products": "product",
    "promotion_codes": "promotion_code",
    "radar": "early_fraud_warning",
    "refunds": "charge",
    "tax": "tax_settings",
    "tax_codes": "product",
    "tax_rates": "tax_rate",
    "webhook_endpoints": "webhook",
}
_NOT_FOR_THESE = (
    "This is a restricted API key, but the required permissions are not available for use by restricted keys."
)


def demand_permission(route: Route, key: str, permissions: Collection[str], *, account: str) -> None:
    """Raise Stripe's 403 where none of the key's permissions covers the call. Who may write may read."""
    resource = _RESOURCES.get(route.path[1])
    if resource is None:
        raise _not_permitted(key, account, _NOT_FOR_THESE)
    needed = f"{resource}_{'read' if route.method == 'GET' else 'write'}"
    if {needed, f"{resource}_write"}.isdisjoint(permissions):
        way = f"Having the 'rak_{needed}' permission would allow this request to continue."
        raise _not_permitted(key, account, way)


def _not_permitted(key: str, account: str, way: str) -> StripeApiError:
    return StripeApiError(
        403,
        f"The provided key '{masked(key)}' does not have the required permissions for this endpoint on account"
        f" '{account}'. {way}",
        is_stored=False,
    )
