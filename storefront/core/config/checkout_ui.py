"""Where buyers pay: Stripe's form inside our page, Stripe's own page, or a form of ours with Stripe's fields."""

from enum import StrEnum

from storefront.core.config.reader import Reader


class CheckoutUi(StrEnum):
    EMBEDDED = "embedded"  # Stripe's form, whole, in a page of ours
    HOSTED = "hosted"  # a page of Stripe
    ELEMENTS = "elements"  # our form around Stripe's fields


def read_checkout_ui(reader: Reader) -> CheckoutUi:
    raw = reader.text("CHECKOUT_UI", CheckoutUi.EMBEDDED).lower()
    if raw in tuple(CheckoutUi):
        return CheckoutUi(raw)
    reader.problems.append(f"CHECKOUT_UI={raw} must be embedded, hosted or elements.")
    return CheckoutUi.EMBEDDED
