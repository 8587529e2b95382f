"""Stripe Tax as far as a shop looks at it: the account's settings, registrations, rates and tax codes.

Settings and registrations are the sandbox's own (`/_sandbox/config`, the control panel); here they are read.
"""

from stripe.params import TaxCodeListParams, TaxCodeRetrieveParams, TaxRateListParams, TaxRateRetrieveParams
from stripe.params.tax import RegistrationListParams, SettingsRetrieveParams

from storefront.devtools.sandbox.api.errors import not_found
from storefront.devtools.sandbox.api.lists import page_of
from storefront.devtools.sandbox.api.routes import Call, route
from storefront.devtools.sandbox.storage.records import Json
from storefront.devtools.sandbox.tax.places import EU, PLACES
from storefront.devtools.sandbox.tax.rate_objects import every_rate

_OPENED = 1_767_225_600
TAX_CODES = {
    "txcd_00000000": "Nontaxable",
    "txcd_10000000": "General - Electronically Supplied Services",
    "txcd_10201000": "Video Games - downloaded - non subscription - with permanent rights",
    "txcd_10202000": "Downloadable Software - personal use",
    "txcd_10202003": "Downloadable Software - business use",
    "txcd_10301000": "Audiobook",
    "txcd_10302000": "Digital Books - downloaded - non subscription - with permanent rights",
    "txcd_10303100": "Digital Magazines/Periodicals - downloadable - non subscription - with permanent rights",
    "txcd_10401100": "Digital Audio Works - downloaded - non subscription - with permanent rights",
    "txcd_10402100": "Digital Audio Visual Works - downloaded - non subscription - with permanent rights",
    "txcd_10501000": "Digital Photographs/Images - downloaded - non subscription - with permanent rights",
    "txcd_10503000": "Digital other news or documents - downloadable - non subscription - with permanent rights",
    "txcd_10505001": "Digital Finished Artwork - downloaded - non subscription - with permanent rights",
}


@route("GET /v1/tax/settings", SettingsRetrieveParams)
def retrieve_settings(call: Call) -> Json:
    settings = call.work.settings
    missing = [] if settings.tax_origin else ["head_office"]
    return {
        "object": "tax.settings",
        "defaults": {
            "provider": "stripe",
            "tax_behavior": settings.tax_behavior,
            "tax_code": settings.tax_code,
        },
        "head_office": settings.tax_origin and {"address": _address(settings.tax_origin)},
        "livemode": False,
        "status": "pending" if missing else "active",
        "status_details": {"pending": {"missing_fields": missing}} if missing else {"active": {}},
    }


def _address(country: str) -> Json:
    return {
        "city": None,
        "country": country,
        "line1": None,
        "line2": None,
        "postal_code": None,
        "state": None,
    }


@route("GET /v1/tax/registrations", RegistrationListParams)
def list_registrations(call: Call) -> Json:
    """List one for each place where the sandbox's account collects; all of them are active."""
    wanted = call.params.get("status", "all")
    rows = [_registration(code) for code in call.work.settings.tax_registrations]
    return page_of(rows if wanted in {"all", "active"} else [], call.params, "/v1/tax/registrations")


def _registration(code: str) -> Json:
    place = PLACES[code]
    options: Json = {"type": "standard"}
    if place.country == "US":
        options = {"state": place.state, "type": "state_sales_tax"}
    elif place.country in EU:
        options = {"standard": {"place_of_supply_scheme": "standard"}, "type": "standard"}
    return {
        "id": f"taxreg_{code.replace('-', '')}",
        "object": "tax.registration",
        "active_from": _OPENED,
        "country": place.country,
        "country_options": {place.country.lower(): options},
        "created": _OPENED,
        "expires_at": None,
        "livemode": False,
        "status": "active",
    }


@route("GET /v1/tax_rates", TaxRateListParams, unsupported=("active", "created", "inclusive"))
def list_rates(call: Call) -> Json:
    return page_of(list(every_rate()), call.params, "/v1/tax_rates")


@route("GET /v1/tax_rates/{id}", TaxRateRetrieveParams)
def retrieve_rate(call: Call) -> Json:
    for rate in every_rate():
        if rate["id"] == call.ids[0]:
            return rate
    raise not_found("tax_rate", call.ids[0])


@route("GET /v1/tax_codes", TaxCodeListParams)
def list_codes(call: Call) -> Json:
    return page_of([_code(code) for code in TAX_CODES], call.params, "/v1/tax_codes")


@route("GET /v1/tax_codes/{id}", TaxCodeRetrieveParams)
def retrieve_code(call: Call) -> Json:
    if call.ids[0] not in TAX_CODES:
        raise not_found("tax_code", call.ids[0])
    return _code(call.ids[0])


def _code(code: str) -> Json:
    name = TAX_CODES[code]
    return {"id": code, "object": "tax_code", "description": f"{name}.", "name": name, "requirements": None}
