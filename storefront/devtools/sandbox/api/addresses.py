"""Postal addresses always show their six members, null where unknown."""

from storefront.devtools.sandbox.api.members import copied, copied_or_null
from storefront.devtools.sandbox.storage.records import Json

_MEMBERS = ("city", "country", "line1", "line2", "postal_code", "state")


def whole_address(given: Json | None) -> Json | None:
    return full_address(given) if given else None


def whole_shipping(given: Json | None) -> Json | None:
    """Return the recipient of goods, which a shop for files has no use for but the command line sends."""
    if not given:
        return None
    return {
        "address": full_address(given.get("address")),
        **copied(given, ("carrier", "name", "phone", "tracking_number")),
    }


def full_address(given: Json | None) -> Json:
    return copied_or_null(given, _MEMBERS)
