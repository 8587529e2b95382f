"""Checkout Sessions: create and read."""

from stripe.params.checkout import (
    SessionCreateParams,
    SessionListLineItemsParams,
    SessionListParams,
    SessionRetrieveParams,
)

from storefront.sandbox.checkout import discounts
from storefront.sandbox.checkout.lines import line_items, read_lines
from storefront.sandbox.checkout.rules import check_new_session
from storefront.sandbox.checkout.session_body import new_session_body
from storefront.sandbox.checkout.totals import compute, require_chargeable
from storefront.sandbox.errors import invalid, no_such
from storefront.sandbox.expansion import builds
from storefront.sandbox.ids import new_id
from storefront.sandbox.records import Json, Record
from storefront.sandbox.resources.lists import list_answer, list_records, page_of
from storefront.sandbox.routes import Call, route
from storefront.sandbox.specs import TEXTS
from storefront.sandbox.work import Work

_SHORTEST_SECONDS, _LONGEST_SECONDS = 1800, 86_400
_EMBEDDED_LINES = 10
_UNSUPPORTED = (
    "after_expiration",
    "customer_account",
    "line_items.tax_rates",
    "managed_payments",
    "name_collection",
    "optional_items",
    "payment_intent_data.application_fee_amount",
    "payment_intent_data.on_behalf_of",
    "payment_intent_data.transfer_data",
    "payment_method_collection",
    "payment_method_options",
    "permissions",
    "phone_number_collection",
    "saved_payment_method_options",
    "setup_intent_data",
    "shipping_address_collection",
    "shipping_options",
    "subscription_data",
    "wallet_options",
)


@route(
    "POST /v1/checkout/sessions",
    SessionCreateParams,
    lenient={"payment_method_types": TEXTS},
    removed=("payment_method_types",),
    unsupported=_UNSUPPORTED,
    check=check_new_session,
)
def create_session(call: Call) -> Json:
    work, params = call.work, call.params
    _check_expiry(work, params)
    customer = params.get("customer")
    if customer is not None and work.records.find("customer", customer) is None:
        raise no_such("customer", customer, "customer")
    lines, currency = read_lines(work, params["line_items"])
    if params.get("currency", currency).lower() != currency:
        raise invalid(f"The prices are in `{currency}`, not in `{params['currency']}`.", param="currency")
    body = new_session_body(work, new_id("cs_test_a1"), params, currency, _method_types(work, params, currency))
    session = Record(
        body=body,
        private={
            "lines": lines,
            "coupon": None,
            "promotion_code": None,
            "discount_id": None,
            "discount_start": None,
            "page_id": new_id("ppage_1"),
            "payment_intent_data": params.get("payment_intent_data") or {},
        },
    )
    compute(work, session)
    for discount in params.get("discounts") or []:
        discounts.attach(work, session, discount)
    require_chargeable(session)
    work.records.add(session.body, session.private)
    work.set_timer("expire", session.id, body["expires_at"])
    return session.body


def _check_expiry(work: Work, params: Json) -> None:
    if "expires_at" not in params:
        return
    # A few seconds of grace: the caller added its half hour to its own clock.
    if not _SHORTEST_SECONDS - 30 <= params["expires_at"] - work.now <= _LONGEST_SECONDS + 30:
        raise invalid(
            "The `expires_at` timestamp must be at least 30 minutes and less than 24 hours from Checkout Session"
            " creation.",
            param="expires_at",
        )


def _method_types(work: Work, params: Json, currency: str) -> list[str]:
    """Eligible by currency, narrowed by what the shop allows or excludes."""
    eligible = ["card"]
    if currency == "eur":
        eligible.append("sepa_debit")
    if currency == "usd" and work.settings.ach_debits:
        eligible.append("us_bank_account")
    allowed = params.get("allowed_payment_method_types") or params.get("payment_method_types") or eligible
    excluded = params.get("excluded_payment_method_types") or []
    types = [each for each in eligible if each in allowed and each not in excluded]
    if not types:
        raise invalid("No valid payment method types for this Checkout Session.")
    return types


@route("GET /v1/checkout/sessions/{id}", SessionRetrieveParams)
def retrieve_session(call: Call) -> Json:
    return call.get("checkout.session", param="session").body


@route("GET /v1/checkout/sessions", SessionListParams, unsupported=("customer_account",))
def list_sessions(call: Call) -> Json:
    email = (call.params.get("customer_details") or {}).get("email")
    sql = ("json_extract(body, '$.customer_details.email') = ?",) if email else ()
    return list_records(
        call,
        "checkout.session",
        "/v1/checkout/sessions",
        filters=("customer", "payment_intent", "payment_link", "status", "subscription"),
        sql=sql,
        values=(email,) if email else (),
    )


@route("GET /v1/checkout/sessions/{id}/line_items", SessionListLineItemsParams)
def list_line_items(call: Call) -> Json:
    session = call.get("checkout.session", param="session")
    return page_of(line_items(call.work, session), call.params, _lines_url(session.id))


def _lines_url(session_id: str) -> str:
    return f"/v1/checkout/sessions/{session_id}/line_items"


@builds("checkout.session", "line_items")
def build_line_items(work: Work, body: Json) -> Json:
    """Expanded inside a session: the first ten, and the address of the rest."""
    items = line_items(work, work.records.get("checkout.session", body["id"]))
    return list_answer(items[:_EMBEDDED_LINES], _lines_url(body["id"]), has_more=len(items) > _EMBEDDED_LINES)


@builds("checkout.session", "total_details.breakdown")
def build_breakdown(work: Work, body: Json) -> Json:
    discount = discounts.discount_object(work.records.get("checkout.session", body["id"]))
    amount = body["total_details"]["amount_discount"]
    return {"discounts": [{"amount": amount, "discount": discount}] if discount else [], "taxes": []}
