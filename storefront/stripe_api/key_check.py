"""Asks Stripe whose the key is and what it may do, without changing anything, within a bounded time."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from storefront.core.db import end_read
from storefront.core.errors import StripeUnavailable, StripeUnreadable
from storefront.core.runtime import settings
from storefront.stripe_api.client import make_client
from storefront.stripe_api.raw import part
from storefront.stripe_api.refusals import readable, refusals

CONNECT_SECONDS, READ_SECONDS = 2, 4
ALL_SECONDS = 12  # a check that takes longer is given up
RESTRICTED = "rk_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What this shop does at Stripe. `label` is how the Dashboard calls the permission.

    A write is asked for without what it needs: Stripe looks at the key first, and refuses the rest of the request.
    """

    label: str
    is_write: bool
    path: str
    base: str = "api"

    @property
    def words(self) -> str:
        return f"{self.label} ({'write' if self.is_write else 'read'})"


NEEDS = (
    Need(label="Checkout Sessions", is_write=True, path="/v1/checkout/sessions"),
    Need(label="Products", is_write=True, path="/v1/products"),
    Need(label="Prices", is_write=True, path="/v1/prices"),
    Need(label="Payment Links", is_write=True, path="/v1/payment_links"),
    Need(label="Charges and Refunds", is_write=True, path="/v1/refunds"),
    Need(label="Webhook Endpoints", is_write=True, path="/v1/webhook_endpoints"),
    Need(label="Payment Intents", is_write=False, path="/v1/payment_intents"),
    Need(label="Disputes", is_write=True, path="/v1/disputes/dp_none"),  # reading them comes with it
    Need(label="Files", is_write=True, path="/v1/files", base="files"),  # evidence of disputes
    Need(label="Radar, early fraud warnings", is_write=False, path="/v1/radar/early_fraud_warnings"),
    Need(label="Events", is_write=False, path="/v1/events"),
    Need(label="Balance transactions", is_write=False, path="/v1/balance_transactions"),
    Need(label="Payouts", is_write=False, path="/v1/payouts"),
)
# Who has invoices made, or taxes, reads the number of each.
INVOICE_NEEDS = (Need(label="Invoices", is_write=False, path="/v1/invoices"),)
# Who taxes reads what a register says of tax ids, and where tax is collected.
TAX_NEEDS = (
    Need(label="Customers", is_write=False, path="/v1/customers"),
    Need(label="Tax settings and registrations", is_write=False, path="/v1/tax/registrations"),
)
# Who lets buyers save cards makes and deletes Customers, and takes their cards away.
CARD_NEEDS = (
    Need(label="Customers", is_write=True, path="/v1/customers/cus_none"),
    Need(label="Payment Methods", is_write=True, path="/v1/payment_methods/pm_none/detach"),
)
# Who makes discounts makes them at Stripe.
DISCOUNT_NEEDS = (
    Need(label="Coupons", is_write=True, path="/v1/coupons"),
    Need(label="Promotion Codes", is_write=True, path="/v1/promotion_codes"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenKey:
    """None where a restricted key may not ask about its account. `lacking` is written out for people."""

    account_id: str | None
    account_name: str | None
    charges_enabled: bool | None
    details_submitted: bool | None
    lacking: tuple[str, ...] = ()


def look_at_key(*, saves_cards: bool = False, has_discounts: bool = False) -> SeenKey:
    """Raises StripeRefused (code "key") for a key that is none, StripeUnavailable where nobody answers in time."""
    end_read()
    more = (*(CARD_NEEDS if saves_cards else ()), *(DISCOUNT_NEEDS if has_discounts else ()))
    return _Check(more).look()


class _Check:
    def __init__(self, more: tuple[Need, ...]) -> None:
        shop = settings()
        invoice_needs = INVOICE_NEEDS if shop.invoices or shop.stripe_tax else ()
        tax_needs = TAX_NEEDS if shop.stripe_tax else ()
        self._needs = (*NEEDS, *invoice_needs, *tax_needs, *more)
        self._until = time.monotonic() + ALL_SECONDS
        self._client = make_client(settings(), connect=CONNECT_SECONDS, read=READ_SECONDS, retries=0)

    @readable()
    def look(self) -> SeenKey:
        account = self._read_account()
        is_restricted = settings().stripe_secret_key.startswith(RESTRICTED)
        return SeenKey(
            account_id=account.get("id"),
            account_name=_name_of(account),
            charges_enabled=account.get("charges_enabled"),
            details_submitted=account.get("details_submitted"),
            lacking=tuple(self._find_lacking()) if is_restricted else (),
        )

    def _read_account(self) -> dict[str, Any]:
        import stripe

        try:
            return self._request("get", "/v1/account")
        except stripe.PermissionError:
            return {}

    def _find_lacking(self) -> Iterator[str]:
        import stripe

        for need in self._needs:
            try:
                if need.is_write:
                    self._request("post", need.path, base=need.base)
                else:
                    self._request("get", need.path, limit=1)
            except stripe.PermissionError:
                yield need.words
            except stripe.InvalidRequestError:
                continue  # it was not whole on purpose: the key was let through

    def _request(self, method: str, path: str, **params: Any) -> dict[str, Any]:  # noqa: ANN401 - Stripe's parameters
        import stripe

        if time.monotonic() > self._until:
            raise StripeUnavailable("Stripe answers too slowly to look at the key.")
        with refusals(but=(stripe.PermissionError, stripe.InvalidRequestError)):
            answer = self._client.raw_request(method, path, **params)
        if not isinstance(answer.data, dict):
            raise StripeUnreadable
        return answer.data


def _name_of(account: dict[str, Any]) -> str | None:
    """Return what buyers see, or else what the Dashboard calls it."""
    profile = part(account, "business_profile")
    dashboard = part(part(account, "settings"), "dashboard")
    return profile.get("name") or dashboard.get("display_name") or None
