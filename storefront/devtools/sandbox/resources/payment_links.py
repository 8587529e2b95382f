"""Payment links over the API."""

from stripe.params import (
    PaymentLinkCreateParams,
    PaymentLinkListLineItemsParams,
    PaymentLinkListParams,
    PaymentLinkRetrieveParams,
    PaymentLinkUpdateParams,
)

from storefront.devtools.sandbox.api.expansion import builds
from storefront.devtools.sandbox.api.lists import list_answer, list_records, page_of
from storefront.devtools.sandbox.api.members import hash_of
from storefront.devtools.sandbox.api.parameter_checks import require, require_positive
from storefront.devtools.sandbox.api.routes import Call, route
from storefront.devtools.sandbox.checkout.consent import check_texts
from storefront.devtools.sandbox.checkout.line_items import line_items
from storefront.devtools.sandbox.checkout.parameter_rules import check_capture_method, check_lines, check_url
from storefront.devtools.sandbox.checkout.payment_link_body import find_limit
from storefront.devtools.sandbox.checkout.payment_links import add_link, change_link
from storefront.devtools.sandbox.storage.records import Json
from storefront.devtools.sandbox.storage.unit_of_work import UnitOfWork

_MOST_LINES = 20
_UNSUPPORTED = (
    "application_fee_amount",
    "application_fee_percent",
    "name_collection",
    "on_behalf_of",
    "optional_items",
    "payment_method_options",
    "shipping_address_collection",
    "shipping_options",
    "subscription_data",
    "transfer_data",
)


def _check_new_link(params: Json) -> None:
    check_lines(params, most=_MOST_LINES, name="payment link")
    _check_link(params)


def _check_link(params: Json) -> None:
    after = hash_of(params, "after_completion")
    if after.get("type") == "redirect":
        require(after, "redirect", name="after_completion")
        check_url(after["redirect"]["url"], "after_completion[redirect][url]")
    limit = find_limit(params.get("restrictions"))
    if limit is not None:
        require_positive(limit, "restrictions[completed_sessions][limit]")
    check_capture_method(params)
    check_texts(params)


@route(
    "POST /v1/payment_links",
    PaymentLinkCreateParams,
    check=_check_new_link,
    unsupported=(*_UNSUPPORTED, "managed_payments"),
)
def create_link(call: Call) -> Json:
    return add_link(call.work, call.params).body


@route("GET /v1/payment_links/{id}", PaymentLinkRetrieveParams)
def retrieve_link(call: Call) -> Json:
    return call.get("payment_link", param="payment_link").body


@route("POST /v1/payment_links/{id}", PaymentLinkUpdateParams, check=_check_link, unsupported=_UNSUPPORTED)
def update_link(call: Call) -> Json:
    link = call.get("payment_link", param="payment_link")
    change_link(call.work, link, call.params)
    return link.body


@route("GET /v1/payment_links", PaymentLinkListParams)
def list_links(call: Call) -> Json:
    return list_records(call, "payment_link", "/v1/payment_links", filters=("active",))


@route("GET /v1/payment_links/{id}/line_items", PaymentLinkListLineItemsParams)
def list_link_lines(call: Call) -> Json:
    link = call.get("payment_link", param="payment_link")
    return page_of(line_items(call.work, link), call.params, _lines_url(link.id))


def _lines_url(link_id: str) -> str:
    return f"/v1/payment_links/{link_id}/line_items"


@builds("payment_link", "line_items")
def build_link_lines(work: UnitOfWork, body: Json) -> Json:
    """Return all lines: a link has at most twenty."""
    return list_answer(line_items(work, work.records.get("payment_link", body["id"])), _lines_url(body["id"]))
