"""Which parameters of `POST /v1/checkout/sessions` go together; judged before anything is executed."""

from urllib.parse import urlsplit

from storefront.devtools.sandbox.api.errors import StripeApiError, exclusive, invalid, missing
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


def check_new_session(params: Json) -> None:
    _check_mode(params)
    _check_ui_mode(params)
    check_lines(params)
    _check_pairs(params)
    for name in ("success_url", "cancel_url", "return_url"):
        if name in params:
            check_url(params[name], name)
    if len(params.get("client_reference_id", "")) > 200:
        raise _refused("client_reference_id can have at most 200 characters.", "client_reference_id")
    if len(params.get("custom_fields") or []) > 3:
        raise _refused("You can add at most 3 custom_fields.", "custom_fields")
    if params.get("payment_intent_data", {}).get("capture_method") == "manual":
        raise _refused(
            "The local sandbox captures every payment at once; it has no manual capture.",
            "payment_intent_data[capture_method]",
        )


def _check_mode(params: Json) -> None:
    if "mode" not in params:
        raise missing("mode")
    if params["mode"] != "payment":
        raise _refused(f"The local sandbox sells in payment mode only, not {params['mode']}.", "mode")


def _check_ui_mode(params: Json) -> None:
    ui_mode = params.get("ui_mode", "hosted_page")
    wrong = [name for name in _NOT_WITH[ui_mode] if name in params]
    never = params.get("redirect_on_completion") == "never"
    if never and "return_url" in params:
        wrong.append("return_url")
    if wrong:
        mode = f"{ui_mode}` and `redirect_on_completion: never" if never else ui_mode
        raise invalid(
            f"The following parameters are not supported with `ui_mode: {mode}`: {', '.join(sorted(wrong))}.",
            is_stored=False,
        )
    if ui_mode == "hosted_page" and "success_url" not in params:
        raise missing("success_url")
    if ui_mode == "embedded_page" and not never and "return_url" not in params:
        raise missing("return_url")


def check_lines(params: Json, *, most: int = 100, name: str = "Checkout Session") -> None:
    lines = params.get("line_items")
    if not lines:
        raise missing("line_items")
    if len(lines) > most:
        raise _refused(f"A {name} can have at most {most} line items.", "line_items")
    for place, line in enumerate(lines):
        item = f"line_items[{place}]"
        if "price" in line and "price_data" in line:
            raise exclusive(f"{item}[price]", f"{item}[price_data]")
        if "price" not in line and "price_data" not in line:
            raise missing(f"{item}[price]")
        if "quantity" not in line:
            raise missing(f"{item}[quantity]")
        if line["quantity"] < 1 and not line.get("adjustable_quantity", {}).get("enabled"):
            raise invalid(
                "This value must be greater than or equal to 1.",
                param=f"{item}[quantity]",
                code="parameter_invalid_integer",
                is_stored=False,
            )
        _check_price_data(line.get("price_data"), f"{item}[price_data]")


def _check_price_data(data: Json | None, name: str) -> None:
    if data is None:
        return
    if "product" in data and "product_data" in data:
        raise exclusive(f"{name}[product]", f"{name}[product_data]")
    if "product" not in data and "product_data" not in data:
        raise missing(f"{name}[product_data]")
    if "recurring" in data:
        raise _recurring(f"{name}[recurring]")


def _recurring(param: str) -> StripeApiError:
    return _refused(
        "You specified `payment` mode but passed a recurring price. Either switch to `subscription` mode or use"
        " only one-time prices.",
        param,
    )


def _check_pairs(params: Json) -> None:
    for first, second in (
        ("customer", "customer_email"),
        ("customer", "customer_creation"),
        ("allow_promotion_codes", "discounts"),
        ("allowed_payment_method_types", "excluded_payment_method_types"),
    ):
        if first in params and second in params:
            raise exclusive(first, second)
    discounts = params.get("discounts") or []
    if len(discounts) > 1:
        raise _refused("You can apply at most one discount to a Checkout Session.", "discounts")
    if discounts and len(discounts[0]) != 1:
        raise exclusive("discounts[0][coupon]", "discounts[0][promotion_code]")


def check_url(url: str, name: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise invalid("Not a valid URL", param=name, code="url_invalid", is_stored=False)


def _refused(message: str, param: str) -> StripeApiError:
    return invalid(message, param=param, is_stored=False)
