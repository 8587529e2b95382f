"""Which parameters of `POST /v1/checkout/sessions` go together; judged before anything is executed."""

import re

from storefront.devtools.sandbox.api.errors import StripeApiError, exclusive, invalid, missing
from storefront.devtools.sandbox.api.formats import is_url
from storefront.devtools.sandbox.api.members import hash_of, inner, list_of
from storefront.devtools.sandbox.api.parameter_checks import (
    refuse_both,
    require,
    require_either,
    require_positive,
)
from storefront.devtools.sandbox.checkout.consent import check_texts
from storefront.devtools.sandbox.checkout.optional_items import check_optional_items
from storefront.devtools.sandbox.checkout.saved_methods import check_saved_options
from storefront.devtools.sandbox.checkout.typed_fields import check_custom_fields
from storefront.devtools.sandbox.storage.records import Json

_NOT_WITH = {
    "hosted_page": ("redirect_on_completion", "return_url"),
    "embedded_page": ("cancel_url", "success_url"),
    "elements": (
        "after_expiration",
        "branding_settings",
        "cancel_url",
        "custom_fields",
        "custom_text",
        "optional_items",
        "origin_context",
        "redirect_on_completion",
        "submit_type",
        "success_url",
    ),
    "form": ("optional_items",),
}


# The address that a buyer comes back to, and that must be given.
_RETURN_ADDRESS = {"hosted_page": ("success_url",), "embedded_page": ("return_url",)}
_EXCLUSIVE = (
    ("customer", "customer_email"),
    ("customer", "customer_creation"),
    ("allow_promotion_codes", "discounts"),
    ("allowed_payment_method_types", "excluded_payment_method_types"),
)
_HEX_COLOR = re.compile(r"#[0-9a-fA-F]{6}|#[0-9a-fA-F]{3}")
# Parameter, its greatest length, and what is said about a longer one.
_LENGTHS = (
    ("client_reference_id", 200, "client_reference_id can have at most 200 characters."),
    ("custom_fields", 3, "You can add at most 3 custom_fields."),
)


def check_new_session(params: Json) -> None:
    _check_mode(params)
    _check_ui_mode(params)
    check_lines(params)
    for first, second in _EXCLUSIVE:
        refuse_both(params, first, second)
    _check_discounts(list_of(params, "discounts"))
    _check_urls(params)
    _check_lengths(params)
    check_texts(params)
    check_optional_items(params)
    check_custom_fields(params)
    check_capture_method(params)
    check_saved_options(params)
    _check_branding(hash_of(params, "branding_settings"))


def _check_branding(branding: Json) -> None:
    for name in ("background_color", "button_color"):
        if not _HEX_COLOR.fullmatch(branding.get(name) or "#000000"):
            raise _refused(
                f"Invalid color: {name} must be a hex color value starting with `#`.", f"branding_settings[{name}]"
            )
    if branding.get("icon") and branding.get("logo"):
        raise _refused("You may only specify one of these parameters: icon, logo.", "branding_settings[icon]")


def _check_urls(params: Json) -> None:
    for name in ("success_url", "cancel_url", "return_url"):
        if name in params:
            check_url(params[name], name)


def _check_lengths(params: Json) -> None:
    for name, most, message in _LENGTHS:
        if len(params.get(name) or "") > most:
            raise _refused(message, name)


def check_capture_method(params: Json) -> None:
    if inner(params, "payment_intent_data", "capture_method") == "manual":
        raise _refused(
            "The local sandbox captures every payment at once; it has no manual capture.",
            "payment_intent_data[capture_method]",
        )


_NOT_IN_MODE = {"setup": ("line_items", "payment_intent_data"), "subscription": ("payment_intent_data",)}


def _check_mode(params: Json) -> None:
    """Refuse what Stripe would refuse in its words, and what it would take in the sandbox's own."""
    require(params, "mode")
    mode = params["mode"]
    if mode == "payment":
        return
    passed = next((name for name in _NOT_IN_MODE[mode] if params.get(name)), None)
    if passed is not None:
        raise _refused(f"You can not pass `{passed}` in `{mode}` mode.", passed)
    lines = list_of(params, "line_items")
    if lines and not any("recurring" in line.get("price_data", {}) for line in lines):
        # Every price that the sandbox keeps is paid once.
        raise _refused(
            "You must provide at least one recurring price in `subscription` mode when using prices.", "line_items"
        )
    raise _refused(f"The local sandbox sells in payment mode only, not {mode}.", "mode")


def _check_ui_mode(params: Json) -> None:
    ui_mode = params.get("ui_mode", "hosted_page")
    if params.get("redirect_on_completion") == "never":
        not_with = (*_NOT_WITH[ui_mode], "return_url")
        _refuse(params, not_with, f"{ui_mode}` and `redirect_on_completion: never")
    else:
        _refuse(params, _NOT_WITH[ui_mode], ui_mode)
        require(params, *_RETURN_ADDRESS.get(ui_mode, ()))


def _refuse(params: Json, names: tuple[str, ...], mode: str) -> None:
    given = [name for name in names if name in params]
    if given:
        raise invalid(
            f"The following parameters are not supported with `ui_mode: {mode}`: {', '.join(sorted(given))}.",
            is_stored=False,
        )


def check_lines(params: Json, *, most: int = 100, name: str = "Checkout Session") -> None:
    lines = list_of(params, "line_items")
    check_number_of_lines(lines, most=most, name=name)
    for place, line in enumerate(lines):
        check_line(line, f"line_items[{place}]")


def check_number_of_lines(lines: list[Json], *, most: int = 100, name: str = "Checkout Session") -> None:
    if not lines:
        raise missing("line_items")
    if len(lines) > most:
        raise _refused(f"A {name} can have at most {most} line items.", "line_items")


def check_line(line: Json, name: str) -> None:
    """Judge one line from its parameters alone."""
    refuse_both(line, "price", "price_data", name)
    require_either(line, "price", "price_data", name)
    require(line, "quantity", name=name)
    if not line.get("adjustable_quantity", {}).get("enabled"):
        require_positive(line["quantity"], f"{name}[quantity]")
    if "price_data" in line:
        _check_price_data(line["price_data"], f"{name}[price_data]")


def _check_price_data(data: Json, name: str) -> None:
    refuse_both(data, "product", "product_data", name)
    require_either(data, "product_data", "product", name)
    if "recurring" in data:
        raise _recurring(f"{name}[recurring]")


def _recurring(param: str) -> StripeApiError:
    return _refused(
        "You specified `payment` mode but passed a recurring price. Either switch to `subscription` mode or use"
        " only one-time prices.",
        param,
    )


def _check_discounts(discounts: list[Json]) -> None:
    if len(discounts) > 1:
        raise _refused("You can apply at most one discount to a Checkout Session.", "discounts")
    if discounts and len(discounts[0]) != 1:
        raise exclusive("discounts[0][coupon]", "discounts[0][promotion_code]")


def check_url(url: str, name: str) -> None:
    if not is_url(url):
        raise invalid("Not a valid URL", param=name, code="url_invalid", is_stored=False)


def _refused(message: str, param: str) -> StripeApiError:
    return invalid(message, param=param, is_stored=False)
