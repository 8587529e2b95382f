"""Checkout Sessions: create and read."""

from stripe.params.checkout import (
    SessionCreateParams,
    SessionListLineItemsParams,
    SessionListParams,
    SessionRetrieveParams,
)

from storefront.devtools.sandbox.api.expansion import builds
from storefront.devtools.sandbox.api.lists import list_answer, list_records, page_of
from storefront.devtools.sandbox.api.members import inner
from storefront.devtools.sandbox.api.parameter_types import TEXTS
from storefront.devtools.sandbox.api.routes import Call, route
from storefront.devtools.sandbox.api.versions import ENDIVE, Removed
from storefront.devtools.sandbox.checkout import discounts
from storefront.devtools.sandbox.checkout.line_items import find_session_of, line_items
from storefront.devtools.sandbox.checkout.parameter_rules import check_new_session
from storefront.devtools.sandbox.checkout.session_creation import open_session
from storefront.devtools.sandbox.storage.records import Json
from storefront.devtools.sandbox.storage.unit_of_work import UnitOfWork
from storefront.devtools.sandbox.tax.calculation import sum_taxes

_EMBEDDED_LINES = 10
_UNSUPPORTED = (
    "customer_account",
    "line_items.tax_rates",
    "managed_payments",
    "name_collection",
    "payment_intent_data.application_fee_amount",
    "payment_intent_data.on_behalf_of",
    "payment_intent_data.transfer_data",
    "payment_method_collection",
    "payment_method_options.card",
    "payment_method_options.us_bank_account",
    "permissions",
    "setup_intent_data",
    "shipping_address_collection",
    "shipping_options",
    "subscription_data",
    "wallet_options",
)


@route(
    "POST /v1/checkout/sessions",
    SessionCreateParams,
    removed={"payment_method_types": Removed(spec=TEXTS, since=ENDIVE)},
    unsupported=_UNSUPPORTED,
    check=check_new_session,
)
def create_session(call: Call) -> Json:
    return open_session(call.work, call.params).body


@route("GET /v1/checkout/sessions/{id}", SessionRetrieveParams)
def retrieve_session(call: Call) -> Json:
    return call.get("checkout.session", param="session").body


@route("GET /v1/checkout/sessions", SessionListParams, unsupported=("customer_account",))
def list_sessions(call: Call) -> Json:
    email = inner(call.params, "customer_details", "email")
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
def build_line_items(work: UnitOfWork, body: Json) -> Json:
    """Return the first ten lines for an expanded session, and the address of the rest."""
    items = line_items(work, work.records.get("checkout.session", body["id"]))
    return list_answer(items[:_EMBEDDED_LINES], _lines_url(body["id"]), has_more=len(items) > _EMBEDDED_LINES)


@builds("item", "discounts")
def build_line_discounts(work: UnitOfWork, body: Json) -> list[Json]:
    """Return what the session's discount is on this line; lines of a Payment Link have none yet."""
    session = find_session_of(work, body["id"])
    discount = session and discounts.discount_object(session)
    return [{"amount": body["amount_discount"], "discount": discount}] if discount else []


@builds("item", "taxes")
def build_line_taxes(work: UnitOfWork, body: Json) -> list[Json]:
    session = find_session_of(work, body["id"])
    lines = session.private["lines"] if session else []
    return next((line.get("taxes", []) for line in lines if line["id"] == body["id"]), [])


@builds("checkout.session", "total_details.breakdown")
def build_breakdown(work: UnitOfWork, body: Json) -> Json:
    session = work.records.get("checkout.session", body["id"])
    discount = discounts.discount_object(session)
    amount = body["total_details"]["amount_discount"]
    return {
        "discounts": [{"amount": amount, "discount": discount}] if discount else [],
        "taxes": sum_taxes(session),
    }
