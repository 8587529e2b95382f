"""The calls that the sandbox says it answers, and parameters that make an object of each kind."""

from typing import Any
from urllib.parse import urlencode

from storefront.devtools.sandbox.pages.openapi import describe, described_calls, path_of

CALLS = {f"{call.method} {path_of(call)}": call for call in described_calls()}
DESCRIBED = describe("http://sandbox.test")
_LINE = {
    "quantity": 1,
    "price_data": {"currency": "usd", "unit_amount": 900, "product_data": {"name": "Font"}},
}
# By the first part of the address.
MADE_WITH: dict[str, dict[str, Any]] = {
    "checkout": {"mode": "payment", "success_url": "https://shop.test/", "line_items": [_LINE]},
    "coupons": {"percent_off": 10},
    "customers": {},
    "payment_intents": {"amount": 900, "currency": "usd"},
    "payment_links": {"line_items": [_LINE]},
    "prices": {"currency": "usd", "unit_amount": 900, "product_data": {"name": "Font"}},
    "products": {"name": "Font"},
    "webhook_endpoints": {"url": "https://shop.test/webhook", "enabled_events": ["*"]},
}


def folder_of(path: str) -> str:
    """Return the address at which objects of this one's kind are made."""
    parts = path.split("/")
    return "/".join(parts[: 4 if parts[2] == "checkout" else 3])


def made_with(path: str) -> dict[str, Any] | None:
    return MADE_WITH.get(path.split("/")[2])


def as_form(params: dict[str, Any]) -> str:
    return urlencode(_pairs(params, ""))


def _pairs(value: Any, name: str) -> list[tuple[str, str]]:
    if isinstance(value, dict):
        return [pair for key, one in value.items() for pair in _pairs(one, f"{name}[{key}]" if name else key)]
    if isinstance(value, list):
        return [pair for place, one in enumerate(value) for pair in _pairs(one, f"{name}[{place}]")]
    return [(name, str(value).lower() if isinstance(value, bool) else str(value))]
