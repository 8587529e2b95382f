"""Tax ids: their types, how each is written, and what the registers say of it later.

Formats are of the types a buyer meets most; of others only that something stands there. Stripe's magic numbers
(https://docs.stripe.com/billing/customer/tax-ids#testing) decide what a register says: 000000000 is verified,
111111111 is not, 222222222 stays pending.
"""

import re

from stripe.params import CustomerCreateTaxIdParams

from storefront.devtools.sandbox.api.errors import invalid
from storefront.devtools.sandbox.api.members import member_name
from storefront.devtools.sandbox.api.parameter_types import spec_of
from storefront.devtools.sandbox.storage.records import Json
from storefront.devtools.sandbox.tax.places import EU

TYPES = spec_of(CustomerCreateTaxIdParams).fields["type"].values
_EU_NUMBERS = {
    "AT": r"U\d{8}",
    "BE": r"[01]?\d{9}",
    "BG": r"\d{9,10}",
    "CY": r"\d{8}[A-Z]",
    "CZ": r"\d{8,10}",
    "DE": r"\d{9}",
    "DK": r"\d{8}",
    "EE": r"\d{9}",
    "EL": r"\d{9}",
    "ES": r"[A-Z0-9]\d{7}[A-Z0-9]",
    "FI": r"\d{8}",
    "FR": r"[A-Z0-9]{2}\d{9}",
    "HR": r"\d{11}",
    "HU": r"\d{8}",
    "IE": r"\d[A-Z0-9+*]\d{5}[A-Z]{1,2}",
    "IT": r"\d{11}",
    "LT": r"(\d{9}|\d{12})",
    "LU": r"\d{8}",
    "LV": r"\d{11}",
    "MT": r"\d{8}",
    "NL": r"[A-Z0-9]{9}B\d{2}",
    "PL": r"\d{10}",
    "PT": r"\d{9}",
    "RO": r"\d{2,10}",
    "SE": r"\d{12}",
    "SI": r"\d{8}",
    "SK": r"\d{10}",
    "XI": r"\d{9}(\d{3})?",
}
_MAGIC = r"(0{9}|1{9}|2{9})"
_FORMATS = {
    "au_abn": r"\d{11}",
    "ca_bn": r"\d{9}",
    "ch_vat": r"CHE\d{9}(MWST|TVA|IVA)?",
    "eu_vat": "|".join(f"{country}({number}|{_MAGIC})" for country, number in _EU_NUMBERS.items()),
    "gb_vat": r"GB(\d{9}|\d{12}|GD\d{3}|HA\d{3})",
    "in_gst": r"\d{2}[A-Z]{5}\d{4}[A-Z][A-Z0-9]Z[A-Z0-9]",
    "jp_trn": r"T\d{13}",
    "no_vat": r"\d{9}MVA",
    "nz_gst": r"\d{8,9}",
    "us_ein": r"\d{9}",
}
# Types that a register is asked about; Stripe says "unavailable" of all others.
_VERIFIED_TYPES = frozenset({"au_abn", "eu_vat", "gb_vat"})
_MAGIC_ENDS = {"000000000": "verified", "111111111": "unverified", "222222222": "pending"}


def checked(kind: str, value: str, name: str) -> Json:
    """Return type and value without what people write between; a wrong one raises Stripe's 400."""
    if kind not in TYPES:
        raise invalid(
            f"Invalid type: must be one of {', '.join(TYPES[:-1])}, or {TYPES[-1]}",
            param=member_name(name, "type"),
        )
    plain = re.sub(r"[\s.\-]", "", value).upper()
    if not re.fullmatch(_FORMATS.get(kind, r".{3,30}"), plain):
        raise invalid(f"Invalid value for {kind}.", param=member_name(name, "value"), code="tax_id_invalid")
    return {"type": kind, "value": plain}


def country_of(tax_id: Json) -> str | None:
    """Return the country that gave it out; Greece writes EL, and Northern Ireland XI."""
    prefix = str(tax_id["value"])[:2] if tax_id["type"] == "eu_vat" else str(tax_id["type"])[:2].upper()
    return {"EL": "GR", "XI": "GB"}.get(prefix, prefix)


def is_of_other_eu_country(tax_id: Json | None, origin: str) -> bool:
    """Tell whether a business of another EU country buys, which then owes the tax itself."""
    if tax_id is None or tax_id["type"] != "eu_vat" or origin not in EU:
        return False
    return country_of(tax_id) != origin


def first_verification(tax_id: Json) -> str:
    return "pending" if tax_id["type"] in _VERIFIED_TYPES else "unavailable"


def later_verification(value: str) -> str:
    """Return what the register says in the end."""
    return _MAGIC_ENDS.get(value[-9:], "verified")
