"""What tests and people change while the sandbox runs; `/_sandbox/config` reads and writes it."""

import dataclasses
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeGuard

from storefront.devtools.sandbox.json_values import is_number, is_whole_number
from storefront.devtools.sandbox.money import USD_RATES
from storefront.devtools.sandbox.tax.places import PLACES
from storefront.devtools.sandbox.webhooks.mischief import Mischief, read_mischief

TAX_BEHAVIORS = ("inclusive", "exclusive", "inferred_by_currency")
_LONGEST_OFFSET_SECONDS = 10 * 366 * 24 * 60 * 60


class WebhookOrder(StrEnum):
    """Who comes first: the buyer's browser at the shop, or Stripe's webhook."""

    AS_IT_COMES = "as_it_comes"  # like Stripe: hosted waits up to ten seconds, embedded does not
    WEBHOOK_FIRST = "webhook_first"  # every redirect waits, the embedded page's too
    PAGE_FIRST = "page_first"  # checkout.session.* is held until after the redirect


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """`settle_after_seconds=None`: bank debits, refunds and disputes settle only when the control API says so.

    `clock_offset_seconds` is how far the sandbox's time is ahead of the machine's, or behind it.
    `disabled_methods` are payment methods that the account has switched off.
    `terms_url` is of the account's public details: without it no form can ask to accept terms.
    `asks_for_promotions`: it is in the US and has agreed to the terms of promotional emails.
    `tax_…` are the account's Stripe Tax: where the shop is, where it is registered (`DE`, `US-WA`), and what
    counts for a price or product that says nothing. `tax_fails`: every computation does, and nobody pays tax.
    `test_wallet` shows a button of a wallet in the express checkout element, as a device with one would.
    `page_first_delay_seconds=None`: what page_first holds leaves only by `/deliveries/release`.
    `fees_after_seconds`: how long after the payment its balance transaction is there; 0 is with its last event.
    `settles_in` is the account's one currency, such as `usd`; None keeps each currency as it is.
    """

    settle_after_seconds: float | None = 3.0
    webhook_order: WebhookOrder = WebhookOrder.AS_IT_COMES
    page_first_delay_seconds: float | None = 2.0
    retry_delays: tuple[float, ...] = (5.0, 30.0, 120.0)
    retry_scale: float = 1.0
    webhook_timeout_seconds: float = 10.0
    completion_wait_seconds: float = 10.0
    duplicates: int = 0
    jitter_seconds: float = 0.0
    ach_debits: bool = True
    disabled_methods: tuple[str, ...] = ()
    terms_url: str | None = "https://example.com/terms"
    asks_for_promotions: bool = True
    tax_origin: str | None = "DE"
    tax_registrations: tuple[str, ...] = tuple(PLACES)
    tax_behavior: str | None = "inferred_by_currency"
    tax_code: str = "txcd_10000000"
    tax_fails: bool = False
    test_wallet: bool = False
    fees_after_seconds: float = 0.0
    settles_in: str | None = None
    held_types: tuple[str, ...] = ()
    clock_offset_seconds: int = 0
    mischief: Mischief = dataclasses.field(default_factory=Mischief)

    def to_json(self) -> dict[str, Any]:
        return {name: _plain(value) for name, value in _items(self)}

    def changed(self, changes: dict[str, Any]) -> "Settings":
        """Return a copy with these changes; a wrong name or value raises ValueError with the name in it."""
        values = dict(_items(self))
        for name, value in changes.items():
            if name not in values:
                raise ValueError(f"unknown setting: {name}")
            values[name] = _READ[name](name, value)
        return Settings(**values)


def _plain(value: object) -> object:
    if isinstance(value, Mischief):
        return value.to_json()
    return list(value) if isinstance(value, tuple) else value


def _items(settings: Settings) -> list[tuple[str, Any]]:
    return [(field.name, getattr(settings, field.name)) for field in dataclasses.fields(settings)]


def _seconds(name: str, value: object) -> float:
    if not is_number(value) or value < 0:
        raise ValueError(f"{name} must be a number of seconds")
    return float(value)


def _seconds_or_never(name: str, value: object) -> float | None:
    return None if value is None else _seconds(name, value)


def _delays(name: str, value: object) -> tuple[float, ...]:
    if not isinstance(value, list):
        raise ValueError(f"{name} must be a list of seconds")  # noqa: TRY004 - one error type for a wrong setting
    return tuple(_seconds(name, delay) for delay in value)


def _count(name: str, value: object) -> int:
    if not is_whole_number(value) or not 0 <= value <= 10:
        raise ValueError(f"{name} must be a number from 0 to 10")
    return value


def _offset(name: str, value: object) -> int:
    if not is_whole_number(value) or abs(value) > _LONGEST_OFFSET_SECONDS:
        raise ValueError(f"{name} must be a whole number of seconds, ten years at most")
    return value


def _mischief(name: str, value: object) -> Mischief:
    if not isinstance(value, dict):
        raise ValueError(f"{name} must be an object")  # noqa: TRY004 - one error type for a wrong setting
    return read_mischief(value)


def _flag(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{name} must be true or false")  # noqa: TRY004 - one error type for a wrong setting
    return value


def _url_or_none(name: str, value: object) -> str | None:
    if value is not None and not (isinstance(value, str) and value.startswith(("https://", "http://"))):
        raise ValueError(f"{name} must be an address, or null")
    return value


def _country_or_none(name: str, value: object) -> str | None:
    if value is not None and not (isinstance(value, str) and re.fullmatch("[A-Z]{2}", value)):
        raise ValueError(f"{name} must be a country of two capitals, or null")
    return value


def _settling_or_none(name: str, value: object) -> str | None:
    if value is not None and value not in USD_RATES:
        raise ValueError(f"{name} must be one of {', '.join(USD_RATES)}, or null")
    return None if value is None else str(value)


def _registrations(name: str, value: object) -> tuple[str, ...]:
    if not _is_list_of_texts(value) or not set(value) <= PLACES.keys():
        raise ValueError(f"{name} must be a list of {', '.join(PLACES)}")
    return tuple(value)


def _behavior_or_none(name: str, value: object) -> str | None:
    if value is not None and value not in TAX_BEHAVIORS:
        raise ValueError(f"{name} must be one of {', '.join(TAX_BEHAVIORS)}, or null")
    return None if value is None else str(value)


def _tax_code(name: str, value: object) -> str:
    if not (isinstance(value, str) and value.startswith("txcd_")):
        raise ValueError(f"{name} must be a tax code, such as txcd_10000000")
    return value


def _names(name: str, value: object) -> tuple[str, ...]:
    if not _is_list_of_texts(value):
        raise ValueError(f"{name} must be a list of names")
    return tuple(value)


def _is_list_of_texts(value: object) -> TypeGuard[list[str]]:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _order(name: str, value: object) -> WebhookOrder:
    try:
        return WebhookOrder(str(value))
    except ValueError as error:
        raise ValueError(f"{name} must be one of {', '.join(WebhookOrder)}") from error


_READ: dict[str, Any] = {
    "settle_after_seconds": _seconds_or_never,
    "webhook_order": _order,
    "page_first_delay_seconds": _seconds_or_never,
    "retry_delays": _delays,
    "retry_scale": _seconds,
    "webhook_timeout_seconds": _seconds,
    "completion_wait_seconds": _seconds,
    "duplicates": _count,
    "jitter_seconds": _seconds,
    "ach_debits": _flag,
    "disabled_methods": _names,
    "terms_url": _url_or_none,
    "asks_for_promotions": _flag,
    "tax_origin": _country_or_none,
    "tax_registrations": _registrations,
    "tax_behavior": _behavior_or_none,
    "tax_code": _tax_code,
    "tax_fails": _flag,
    "test_wallet": _flag,
    "fees_after_seconds": _seconds,
    "settles_in": _settling_or_none,
    "held_types": _names,
    "clock_offset_seconds": _offset,
    "mischief": _mischief,
}
