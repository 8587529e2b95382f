"""Postal addresses always show their six members, null where unknown."""

from storefront.sandbox.records import Json

_MEMBERS = ("city", "country", "line1", "line2", "postal_code", "state")


def whole_address(given: Json | None) -> Json | None:
    return None if given is None else full_address(given)


def full_address(given: Json | None) -> Json:
    return {name: (given or {}).get(name) or None for name in _MEMBERS}
