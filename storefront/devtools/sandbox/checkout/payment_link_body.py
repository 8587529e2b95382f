"""The payment link as Stripe shows it, made anew from its parameters whenever they change."""

from storefront.devtools.sandbox.api.members import copied_or_null, inner, list_of
from storefront.devtools.sandbox.api.updates import difference, new_metadata
from storefront.devtools.sandbox.checkout.session_body import (
    TEXTS,
    consent_collection,
    custom_field,
    invoice_creation,
    tax_id_collection,
)
from storefront.devtools.sandbox.storage.records import Json, Record
from storefront.devtools.sandbox.storage.unit_of_work import UnitOfWork

_INTENT_DATA = (
    "capture_method",
    "description",
    "setup_future_usage",
    "statement_descriptor",
    "statement_descriptor_suffix",
    "transfer_group",
)


def link_body(work: UnitOfWork, link_id: str, private: Json) -> Json:
    """`private`: params, currency, code and the number of completed sessions."""
    params: Json = private["params"]
    return {
        "id": link_id,
        "object": "payment_link",
        "active": params.get("active", True),
        "after_completion": _after_completion(params.get("after_completion")),
        "allow_promotion_codes": params.get("allow_promotion_codes", False),
        "application": None,
        "application_fee_amount": None,
        "application_fee_percent": None,
        "automatic_tax": _automatic_tax(params.get("automatic_tax")),
        "billing_address_collection": params.get("billing_address_collection", "auto"),
        "consent_collection": consent_collection(params.get("consent_collection")),
        "currency": private["currency"],
        "custom_fields": [_custom_field(field) for field in list_of(params, "custom_fields")],
        "custom_text": copied_or_null(params.get("custom_text"), TEXTS),
        "customer_creation": params.get("customer_creation", "if_required"),
        "inactive_message": params.get("inactive_message"),
        "invoice_creation": invoice_creation(params.get("invoice_creation")),
        "livemode": False,
        "managed_payments": {"enabled": False},
        "metadata": new_metadata(params),
        "on_behalf_of": None,
        "payment_intent_data": _intent_data(params.get("payment_intent_data")),
        "payment_method_collection": params.get("payment_method_collection", "always"),
        "payment_method_options": None,
        "payment_method_types": params.get("payment_method_types"),
        "phone_number_collection": {"enabled": inner(params, "phone_number_collection", "enabled", False)},
        "restrictions": _restrictions(private),
        "shipping_address_collection": None,
        "shipping_options": [],
        "submit_type": params.get("submit_type", "auto"),
        "subscription_data": None,
        "tax_id_collection": tax_id_collection(params.get("tax_id_collection") or {"enabled": False}),
        "transfer_data": None,
        "url": f"{work.base_url}/b/{private['code']}",
    }


def rebuild(work: UnitOfWork, link: Record) -> Json:
    """Make the body anew after a change of the parameters; return Stripe's `previous_attributes`."""
    old, url = link.body, link.body["url"]
    link.body = {**link_body(work, link.id, link.private), "url": url}
    return difference(old, link.body)


def find_limit(restrictions: Json | None) -> int | None:
    """Return after how many completed sessions the link closes."""
    return None if not restrictions else restrictions["completed_sessions"]["limit"]


def _restrictions(private: Json) -> Json | None:
    limit = find_limit(private["params"].get("restrictions"))
    return None if limit is None else {"completed_sessions": {"count": private["completed"], "limit": limit}}


def _after_completion(params: Json | None) -> Json:
    wanted = params or {"type": "hosted_confirmation"}
    if wanted["type"] == "redirect":
        return {"type": "redirect", "redirect": {"url": wanted["redirect"]["url"]}}
    message = inner(wanted, "hosted_confirmation", "custom_message")
    return {"type": "hosted_confirmation", "hosted_confirmation": {"custom_message": message}}


def _automatic_tax(params: Json | None) -> Json:
    is_enabled = bool(params and params["enabled"])
    return {"enabled": is_enabled, "liability": {"type": "self"} if is_enabled else None}


def _custom_field(params: Json) -> Json:
    """Return a field as on a session, without the buyer's value."""
    field = custom_field(params)
    del field[field["type"]]["value"]
    return field


def _intent_data(params: Json | None) -> Json | None:
    if not params:
        return None
    return {**copied_or_null(params, _INTENT_DATA), "metadata": new_metadata(params)}
