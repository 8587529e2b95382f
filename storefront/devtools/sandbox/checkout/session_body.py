"""The Checkout Session as Stripe shows it when it is new."""

from storefront.devtools.sandbox.api.members import copied, copied_or_null, hash_of, inner, list_of
from storefront.devtools.sandbox.api.updates import new_metadata
from storefront.devtools.sandbox.checkout.saved_methods import saved_options
from storefront.devtools.sandbox.ids import client_secret
from storefront.devtools.sandbox.resources.accounts import DISPLAY_NAME
from storefront.devtools.sandbox.storage.records import Json
from storefront.devtools.sandbox.storage.unit_of_work import UnitOfWork

DAY_SECONDS = 86_400
_BRANDING = {
    "background_color": "#ffffff",
    "border_style": "rounded",
    "button_color": "#0074d4",
    "display_name": DISPLAY_NAME,
    "font_family": "default",
    "icon": None,
    "logo": None,
}
_ECHOED = (
    "allow_promotion_codes",
    "allowed_payment_method_types",
    "billing_address_collection",
    "cancel_url",
    "client_reference_id",
    "customer",
    "customer_email",
    "integration_identifier",
    "locale",
    "origin_context",
    "submit_type",
    "success_url",
)
TEXTS = ("after_submit", "shipping_address", "submit", "terms_of_service_acceptance")


def new_session_body(work: UnitOfWork, session_id: str, params: Json, currency: str, types: list[str]) -> Json:
    ui_mode = params.get("ui_mode", "hosted_page")
    is_hosted = ui_mode == "hosted_page"
    branding = params.get("branding_settings", {})
    body: Json = {
        "id": session_id,
        "object": "checkout.session",
        "adaptive_pricing": {"enabled": params.get("adaptive_pricing", {}).get("enabled", True)},
        "after_expiration": recovery_of(params),
        "automatic_tax": _automatic_tax(params.get("automatic_tax")),
        "branding_settings": {**_BRANDING, **copied_or_null(branding, branding)},
        "client_secret": None if is_hosted else client_secret(session_id, 50),
        "collected_information": None,
        "consent": None,
        "consent_collection": consent_collection(params.get("consent_collection")),
        "created": work.now,
        "currency": currency,
        "currency_conversion": None,
        "custom_fields": [custom_field(field) for field in list_of(params, "custom_fields")],
        "custom_text": copied_or_null(params.get("custom_text"), TEXTS),
        "customer_account": None,
        "customer_creation": _customer_creation(params),
        "customer_details": None,
        "discounts": [],
        "expires_at": params.get("expires_at", work.now + DAY_SECONDS),
        "invoice": None,
        "invoice_creation": invoice_creation(params.get("invoice_creation")),
        "livemode": False,
        "managed_payments": {"enabled": False},
        "metadata": new_metadata(params),
        "mode": params["mode"],
        "payment_intent": None,
        "payment_link": None,
        "payment_method_collection": "if_required",
        "payment_method_configuration_details": {"id": "pmc_1SandboxDefault", "parent": None},
        "payment_method_options": {
            "card": {"request_three_d_secure": "automatic"},
            **params.get("payment_method_options", {}),
        },
        "payment_method_types": types,
        "payment_status": "unpaid",
        "permissions": None,
        "phone_number_collection": {"enabled": inner(params, "phone_number_collection", "enabled", False)},
        "recovered_from": None,
        "saved_payment_method_options": saved_options(params),
        "setup_intent": None,
        "shipping_address_collection": None,
        "shipping_cost": None,
        "shipping_options": [],
        "status": "open",
        "subscription": None,
        "ui_mode": ui_mode,
        "url": f"{work.base_url}/c/pay/{session_id}" if is_hosted else None,
        "wallet_options": None,
        **copied(params, _ECHOED),
    }
    body.update(_members_only_when_asked(params, ui_mode))
    return body


def recovery_of(params: Json) -> Json | None:
    """Return `after_expiration` as a session shows it, before it has expired."""
    given = inner(params, "after_expiration", "recovery")
    if not given:
        return None
    return {
        "recovery": {
            "allow_promotion_codes": given.get("allow_promotion_codes", False),
            "enabled": given["enabled"],
            "expires_at": None,
            "url": None,
        }
    }


def requires_terms(body: Json) -> bool:
    """Tell whether the buyer must accept the shop's terms of service."""
    return bool(inner(body, "consent_collection", "terms_of_service") == "required")


def _customer_creation(params: Json) -> str | None:
    return None if "customer" in params else params.get("customer_creation", "if_required")


def _members_only_when_asked(params: Json, ui_mode: str) -> Json:
    members: Json = {}
    if ui_mode == "embedded_page":
        members["redirect_on_completion"] = params.get("redirect_on_completion", "always")
    names = ("return_url", "excluded_payment_method_types")
    members.update({name: params[name] for name in names if name in params})
    if "tax_id_collection" in params:
        members["tax_id_collection"] = tax_id_collection(params["tax_id_collection"])
    return members


def tax_id_collection(params: Json) -> Json:
    return {"enabled": params["enabled"], "required": params.get("required", "never")}


def _automatic_tax(params: Json | None) -> Json:
    """Show what is asked for; how far the computation is, comes with the totals."""
    if not params or not params["enabled"]:
        return {"enabled": False, "liability": None, "provider": None, "status": None}
    return {
        "enabled": True,
        "liability": {"type": "self"},
        "provider": "stripe",
        "status": "requires_location_inputs",
    }


def consent_collection(params: Json | None) -> Json | None:
    if not params:
        return None
    return copied(params, ("payment_method_reuse_agreement", "promotions", "terms_of_service"))


def custom_field(params: Json) -> Json:
    kind = params["type"]
    given = params.get(kind) or {}
    detail: Json = {"default_value": given.get("default_value"), "value": None}
    if kind == "dropdown":
        detail["options"] = list_of(given, "options")
    else:
        detail["maximum_length"] = given.get("maximum_length")
        detail["minimum_length"] = given.get("minimum_length")
    return {
        "key": params["key"],
        "label": params["label"],
        "optional": params.get("optional", False),
        "type": kind,
        kind: detail,
    }


def invoice_creation(params: Json | None) -> Json:
    wanted = params or {"enabled": False}
    given = hash_of(wanted, "invoice_data")
    names = ("account_tax_ids", "custom_fields", "description", "footer", "issuer", "rendering_options")
    return {
        "enabled": wanted["enabled"],
        "invoice_data": {**copied_or_null(given, names), "metadata": new_metadata(given)},
    }
