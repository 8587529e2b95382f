"""What an amount of a price may be."""

from decimal import Decimal

from storefront.devtools.sandbox.api.errors import invalid
from storefront.devtools.sandbox.money import maximum, step


def check_amount(exact: Decimal, currency: str, param: str) -> None:
    code = "parameter_invalid_integer"
    if exact < 0:
        raise invalid("This value must be greater than or equal to 0.", param=param, code=code)
    if exact > maximum(currency):
        raise invalid(f"This value must be less than or equal to {maximum(currency)}.", param=param, code=code)
    if step(currency) > 1 and exact % step(currency):
        raise invalid(f"Amounts in {currency} must be divisible by {step(currency)}.", param=param)
