"""A session as the Elements SDK shows it: every amount in minor units, which the script only formats."""

from storefront.devtools.sandbox.api.members import inner
from storefront.devtools.sandbox.checkout.collected import collected, fixed_email
from storefront.devtools.sandbox.checkout.currency_choice import chosen_currency, currency_options
from storefront.devtools.sandbox.checkout.line_items import line_items
from storefront.devtools.sandbox.checkout.page_json import page_json
from storefront.devtools.sandbox.money import exponent
from storefront.devtools.sandbox.storage.records import Json, Record
from storefront.devtools.sandbox.storage.unit_of_work import UnitOfWork

_TAX_STATUS = {"requires_location_inputs": "requires_billing_address"}


def elements_json(work: UnitOfWork, session: Record, payment_intent: Json | None = None) -> Json:
    """Return the page's JSON with a member `elements_session`, which holds what the SDK shows of it."""
    page = page_json(work, session, payment_intent)
    return {**page, "elements_session": _session(work, session, page)}


def _session(work: UnitOfWork, session: Record, page: Json) -> Json:
    body, known = session.body, collected(session)
    shop_email = fixed_email(work, session)
    return {
        "billing_address": known["billing_address"],
        "business_name": body["branding_settings"]["display_name"],
        "currency": chosen_currency(work, session),
        "currency_options": currency_options(work, session),
        "discounts": _discounts(work, session, page),
        "email": shop_email or known["email"],
        "is_email_fixed": shop_email is not None,
        "individual_name": known["individual_name"],
        "last_payment_error": inner(page, "last_payment_error", "message"),
        "line_items": _lines(work, session, page),
        "locale": body["locale"],
        "minor_units_divisor": 10 ** exponent(body["currency"]),
        "phone": known["phone"],
        "shipping_address": known["shipping_address"],
        "tax_business_name": known["business_name"],
        "tax_id": page["tax_id"],
        "tax_status": _TAX_STATUS.get(str(body["automatic_tax"]["status"]), "ready"),
        "taxes": page["line_item_group"]["tax_amounts"],
        "test_wallet": work.settings.test_wallet,
        "totals": _totals(body),
        "wants_billing_address": body["billing_address_collection"] == "required",
    }


def _totals(body: Json) -> Json:
    details = body["total_details"]
    shipping = details["amount_shipping"] or 0
    paid_for = body["amount_subtotal"] - details["amount_discount"] + shipping
    exclusive = body["amount_total"] - paid_for
    return {
        "discount": details["amount_discount"],
        "shipping": shipping,
        "subtotal": body["amount_subtotal"],
        "tax_exclusive": exclusive,
        "tax_inclusive": details["amount_tax"] - exclusive,
        "total": body["amount_total"],
    }


def _lines(work: UnitOfWork, session: Record, page: Json) -> list[Json]:
    shown = {line["id"]: line["unit_amount"] for line in page["line_item_group"]["line_items"]}
    return [_line(work, item, shown[item["id"]]) for item in line_items(work, session)]


def _line(work: UnitOfWork, item: Json, unit_amount: int) -> Json:
    price = item["price"]
    product = work.records.get("product", price["product"]).body
    exclusive = item["amount_total"] - (item["amount_subtotal"] - item["amount_discount"])
    return {
        "id": item["id"],
        "adjustable_quantity": item["adjustable_quantity"],
        "description": product.get("description"),
        "discount": item["amount_discount"],
        "images": product["images"],
        "name": item["description"],
        "price": price["id"],
        "quantity": item["quantity"],
        "subtotal": item["amount_subtotal"],
        "tax_exclusive": exclusive,
        "tax_inclusive": item["amount_tax"] - exclusive,
        "total": item["amount_total"],
        "unit_amount": unit_amount,
        # Only where it has decimals that `unit_amount` cannot show.
        "unit_amount_decimal": None if price["unit_amount"] is not None else price["unit_amount_decimal"],
        "unit_label": product.get("unit_label"),
    }


def _discounts(work: UnitOfWork, session: Record, page: Json) -> list[Json]:
    if not session.private["coupon"]:
        return []
    coupon = work.records.get("coupon", session.private["coupon"]).body
    return [
        {
            "amount": discount["amount"],
            "display_name": coupon["name"] or coupon["id"],
            "percent_off": coupon["percent_off"],
            "promotion_code": discount["code"],
        }
        for discount in page["line_item_group"]["discount_amounts"]
    ]
