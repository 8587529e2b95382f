"""Stripe's own client, with the shop's key, address and time limits."""

from typing import TYPE_CHECKING

from storefront.core.config.settings import Settings
from storefront.core.config.stripe import STRIPE_API

if TYPE_CHECKING:
    import stripe
    from stripe._base_address import BaseAddresses


def _addresses(api_base: str) -> "BaseAddresses":
    """Stripe takes files at a host of their own; whatever stands in for Stripe takes them where it takes calls."""
    return {"api": api_base} if api_base.rstrip("/") == STRIPE_API else {"api": api_base, "files": api_base}


def make_client(settings: Settings, *, connect: float, read: float, retries: int) -> "stripe.StripeClient":
    """Load Stripe's library, which most commands never need. `connect` and `read` are seconds for each try."""
    import stripe

    from storefront.stripe_api.quick_session import QuickSession

    stripe.enable_telemetry = False
    return stripe.StripeClient(
        settings.stripe_secret_key,
        base_addresses=_addresses(settings.stripe_api_base),
        max_network_retries=retries,
        http_client=stripe.RequestsClient(timeout=(connect, read), session=QuickSession()),
    )
