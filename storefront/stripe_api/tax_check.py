"""Asks Stripe how far Stripe Tax is set up: where the shop is, where it collects, and what counts by itself."""

from dataclasses import dataclass

from storefront.stripe_api.gateway import gateway
from storefront.stripe_api.lists import each
from storefront.stripe_api.refusals import readable


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenTax:
    """`missing` are Stripe's names of what it wants to know; the presets count for products that say nothing."""

    missing: tuple[str, ...]
    countries: tuple[str, ...]
    preset_code: str | None
    preset_behavior: str | None


@readable()
def look_at_tax() -> SeenTax:
    settings = gateway().ask(lambda client: client.v1.tax.settings.retrieve())
    countries = each(
        lambda client, params: client.v1.tax.registrations.list(params),
        lambda row: str(row["country"]),
        status="active",
    )
    pending = (settings["status_details"] or {}).get("pending") or {}
    return SeenTax(
        missing=tuple(pending.get("missing_fields") or ()),
        countries=tuple(dict.fromkeys(countries)),
        preset_code=settings["defaults"].get("tax_code"),
        preset_behavior=settings["defaults"].get("tax_behavior"),
    )
