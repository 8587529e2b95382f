"""The limits of a price whose amount the buyer chooses, from the parameters of `POST /v1/prices`."""

from decimal import Decimal

from storefront.devtools.sandbox.api.errors import invalid, missing
from storefront.devtools.sandbox.api.members import copied
from storefront.devtools.sandbox.api.parameter_checks import refuse_both
from storefront.devtools.sandbox.catalog.amounts import check_amount
from storefront.devtools.sandbox.money import display, minimum_charge
from storefront.devtools.sandbox.storage.records import Json

_LIMITS = ("maximum", "minimum", "preset")


def read_custom_unit_amount(params: Json, currency: str) -> Json | None:
    """Return what the price shows, null where its amount is fixed."""
    if "custom_unit_amount" not in params:
        return None
    for other in ("unit_amount", "unit_amount_decimal"):
        refuse_both(params, "custom_unit_amount", other)
    given = params["custom_unit_amount"]
    if not given.get("enabled"):
        raise missing("custom_unit_amount[enabled]")
    if "recurring" in params:
        raise invalid("`custom_unit_amount` cannot be used with `recurring`.", param="custom_unit_amount")
    custom = copied(given, _LIMITS)
    _check_amounts(custom, currency)
    _check_order(custom, currency)
    return custom


def _check_amounts(custom: Json, currency: str) -> None:
    for name, amount in custom.items():
        if amount is not None:
            check_amount(Decimal(amount), currency, f"custom_unit_amount[{name}]")


def _lies_between(amount: int, least: int | None, most: int | None) -> bool:
    return amount >= (least or 0) and (most is None or amount <= most)


def _check_order(custom: Json, currency: str) -> None:
    least, most, preset = custom["minimum"], custom["maximum"], custom["preset"]
    smallest = minimum_charge(currency)
    if least is not None and least < smallest:
        words = f"The minimum must be at least {display(smallest, currency)}."
        raise invalid(words, param="custom_unit_amount[minimum]")
    if most is not None and most < max(least or 0, smallest):
        raise invalid("The maximum must not be below the minimum.", param="custom_unit_amount[maximum]")
    if preset is not None and not _lies_between(preset, least, most):
        raise invalid(
            "The preset must lie between the minimum and the maximum.", param="custom_unit_amount[preset]"
        )
