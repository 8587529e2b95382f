"""A session as the Checkout page sees it: our own shape, after what Stripe's private API shows of its own."""

from storefront.devtools.sandbox.api.members import inner
from storefront.devtools.sandbox.checkout.custom_amounts import custom_amount_of_page
from storefront.devtools.sandbox.checkout.intents import find_intent
from storefront.devtools.sandbox.checkout.line_items import line_items
from storefront.devtools.sandbox.checkout.offered import offered_methods, offered_types
from storefront.devtools.sandbox.checkout.optional_items import optional_items_of_page
from storefront.devtools.sandbox.checkout.payer import find_customer_email
from storefront.devtools.sandbox.checkout.saved_methods import may_be_removed, offers_to_save, shown_methods
from storefront.devtools.sandbox.checkout.session_body import requires_terms
from storefront.devtools.sandbox.checkout.totals import line_subtotal
from storefront.devtools.sandbox.storage.records import Json, Record
from storefront.devtools.sandbox.storage.unit_of_work import UnitOfWork
from storefront.devtools.sandbox.tax.calculation import sum_taxes

_COPIED = (
    "allow_promotion_codes",
    "billing_address_collection",
    "cancel_url",
    "currency",
    "custom_fields",
    "custom_text",
    "customer",
    "customer_email",
    "expires_at",
    "livemode",
    "mode",
    "payment_status",
    "phone_number_collection",
    "status",
    "submit_type",
    "success_url",
    "ui_mode",
)


def _lines(work: UnitOfWork, session: Record) -> list[Json]:
    pairs = zip(line_items(work, session), session.private["lines"], strict=True)
    return [_line(work, item, row) for item, row in pairs]


def _tax_members(tax: Json) -> Json:
    source, computation = ("session.billing", "automatic") if tax["enabled"] else (None, "none")
    return {
        "tax_context": {"automatic_tax_enabled": tax["enabled"], "automatic_tax_address_source": source},
        "tax_meta": {"computation_type": computation, "status": tax["status"]},
    }


def page_json(work: UnitOfWork, session: Record, payment_intent: Json | None = None) -> Json:
    body = session.body
    due = _amount_due(body)
    return {
        "id": session.private["page_id"],
        "object": "checkout.session",
        "session_id": session.id,
        **{name: body[name] for name in _COPIED},
        "payment_method_types": offered_types(session),
        "payment_methods": offered_methods(session),
        "last_payment_error": _last_error(work, session),
        "customer_email": body["customer_email"] or find_customer_email(work, session),
        "branding": body["branding_settings"],
        "display_name": body["branding_settings"]["display_name"],
        "line_item_group": {
            "subtotal": body["amount_subtotal"],
            "total": body["amount_total"],
            "due": due,
            "tax": body["total_details"]["amount_tax"],
            "tax_amounts": [_tax(tax) for tax in sum_taxes(session)],
            "discount_amounts": _discounts(work, session),
            "line_items": _lines(work, session),
        },
        "custom_unit_amount": custom_amount_of_page(work, session),
        "optional_items": optional_items_of_page(work, session),
        "payment_intent": payment_intent,
        "prefilled_email": session.private.get("prefilled_email"),
        "redirect_on_completion": body.get("redirect_on_completion"),
        "return_url": body.get("return_url"),
        "saved_payment_methods": shown_methods(work, session),
        "offers_to_save": offers_to_save(session),
        "may_remove_saved": may_be_removed(session),
        **_tax_members(body["automatic_tax"]),
        "tax_id": session.private.get("tax_id"),
        "tax_region": session.private.get("tax_address"),
        "tax_id_collection_enabled": bool(inner(body, "tax_id_collection", "enabled")),
        "asks_for_promotions": inner(body, "consent_collection", "promotions") == "auto",
        "terms_of_service_required": requires_terms(body),
        "total_summary": {"subtotal": body["amount_subtotal"], "total": body["amount_total"], "due": due},
    }


def _tax(tax: Json) -> Json:
    rate = tax["rate"]
    return {
        "amount": tax["amount"],
        "country": rate["country"],
        "display_name": rate["display_name"],
        "inclusive": rate["inclusive"],
        "percentage": rate["percentage"],
        "taxability_reason": tax["taxability_reason"],
    }


def _last_error(work: UnitOfWork, session: Record) -> Json | None:
    """Return why the last try failed, for a buyer who comes back from another page."""
    intent = find_intent(work, session)
    error = None if intent is None else intent.body["last_payment_error"]
    return None if error is None else {"message": error["message"]}


def _amount_due(body: Json) -> int:
    is_settled = body["status"] == "complete" and body["payment_status"] != "unpaid"
    return 0 if is_settled else int(body["amount_total"])


def _line(work: UnitOfWork, item: Json, row: Json) -> Json:
    product = work.records.get("product", item["price"]["product"]).body
    return {
        "id": item["id"],
        "adjustable_quantity": item["adjustable_quantity"],
        "description": item["description"],
        "images": product["images"],
        "product_description": product.get("description"),
        "quantity": item["quantity"],
        "subtotal": item["amount_subtotal"],
        "total": item["amount_total"],
        "unit_amount": line_subtotal(item["price"], row, 1),
    }


def _discounts(work: UnitOfWork, session: Record) -> list[Json]:
    """Return the one discount of the session, if it has one."""
    if not session.private["coupon"]:
        return []
    coupon = work.records.get("coupon", session.private["coupon"]).body
    code_id = session.private["promotion_code"]
    code = work.records.get("promotion_code", code_id).body["code"] if code_id else None
    return [
        {
            "amount": session.body["total_details"]["amount_discount"],
            "code": code,
            "label": coupon["name"] or code or coupon["id"],
            "promotion_code": code_id,
        }
    ]
