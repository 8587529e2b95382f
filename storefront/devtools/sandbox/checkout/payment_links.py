"""Payment links: made, changed, visited (each visit opens a Checkout Session), used up."""

import re
from contextlib import suppress

from stripe.params.checkout import SessionCreateParams

from storefront.devtools.sandbox.api.errors import StripeApiError, invalid
from storefront.devtools.sandbox.api.formats import is_email
from storefront.devtools.sandbox.api.members import hash_of
from storefront.devtools.sandbox.api.parameter_types import spec_of
from storefront.devtools.sandbox.api.updates import merged_metadata
from storefront.devtools.sandbox.checkout.consent import require_promotions, require_terms_url
from storefront.devtools.sandbox.checkout.custom_amounts import check_custom_lines
from storefront.devtools.sandbox.checkout.discounts import apply_code
from storefront.devtools.sandbox.checkout.line_items import adjustable, check_currency, get_line, read_lines
from storefront.devtools.sandbox.checkout.payment_link_body import find_limit, link_body, rebuild
from storefront.devtools.sandbox.checkout.session_creation import open_session_of
from storefront.devtools.sandbox.checkout.totals import line_subtotal
from storefront.devtools.sandbox.ids import new_id
from storefront.devtools.sandbox.storage.records import Json, Query, Record
from storefront.devtools.sandbox.storage.unit_of_work import UnitOfWork

_LOCALES = spec_of(SessionCreateParams).fields["locale"].values
_REFERENCE = re.compile(r"[A-Za-z0-9_-]{1,200}")
# What the link hands on to its sessions as it is.
_HANDED_ON = (
    "allow_promotion_codes",
    "automatic_tax",
    "billing_address_collection",
    "consent_collection",
    "custom_fields",
    "custom_text",
    "customer_creation",
    "invoice_creation",
    "metadata",
    "payment_intent_data",
    "payment_method_types",
    "phone_number_collection",
    "submit_type",
    "tax_id_collection",
)


def add_link(work: UnitOfWork, params: Json) -> Record:
    require_terms_url(work, params)
    require_promotions(work, params)
    lines, currency = read_lines(work, params["line_items"], takes_recurring=True)
    check_currency(params, currency)
    check_custom_lines(work, params, lines)
    _count_up(work, lines)
    kept = {name: value for name, value in params.items() if name not in {"line_items", "currency"}}
    private = {
        "code": new_id("test_"),
        "completed": 0,
        "currency": currency,
        "lines": lines,
        "params": kept,
    }
    link = work.records.add(link_body(work, new_id("plink_1"), private), private)
    work.emit("payment_link.created", link.body)
    return link


def change_link(work: UnitOfWork, link: Record, params: Json) -> None:
    """Change a link: `""` unsets, metadata is merged, lines change by their ids."""
    require_terms_url(work, params)
    require_promotions(work, params)
    lines = params.pop("line_items", [])
    link.private["params"] = _changed_params(link.private["params"], params)
    for place, given in enumerate(lines):
        _change_line(link, given, f"line_items[{place}]")
    _count_up(work, link.private["lines"])
    _save(work, link)


def _changed_params(old: Json, changes: Json) -> Json:
    new = {**old, **changes}
    if "metadata" in changes:
        new["metadata"] = merged_metadata(hash_of(old, "metadata"), changes["metadata"])
    return {name: value for name, value in new.items() if value != "" or name not in changes}


def find_link_by_code(work: UnitOfWork, code: str) -> Record | None:
    return work.records.find_newest(
        Query(kind="payment_link", sql=("json_extract(private, '$.code') = ?",), values=(code,))
    )


def visit(work: UnitOfWork, link: Record, arguments: dict[str, str]) -> Record:
    """Open a session for one visitor; wrong `arguments` of the address are dropped.

    Raises Stripe's 400 when the link's prices cannot be sold here.
    """
    lines = [{**line, "id": new_id("li_1")} for line in link.private["lines"]]
    if any(_is_recurring(work, line) for line in lines):
        raise invalid("The local sandbox sells in payment mode only, not in subscription mode.")
    params = _session_params(work, link, arguments)
    session = open_session_of(work, params, lines, link.private["currency"], link=link.id)
    _prefill(work, session, arguments)
    return session


def _prefill(work: UnitOfWork, session: Record, arguments: dict[str, str]) -> None:
    """Fill in what a buyer may change on the page. A code that they could not type there is ignored."""
    if is_email(arguments.get("prefilled_email", "")):
        session.private["prefilled_email"] = arguments["prefilled_email"]
    code = arguments.get("prefilled_promo_code", "")
    if code and session.body["allow_promotion_codes"]:
        with suppress(StripeApiError):
            apply_code(work, session, code)
    work.records.save(session)


def _is_recurring(work: UnitOfWork, line: Json) -> bool:
    return bool(work.records.get("price", line["price"]).body["type"] == "recurring")


def _session_params(work: UnitOfWork, link: Record, arguments: dict[str, str]) -> Json:
    kept = link.private["params"]
    params: Json = {name: kept[name] for name in _HANDED_ON if name in kept}
    params.update(mode="payment", success_url=_success_url(work, link))
    if _REFERENCE.fullmatch(arguments.get("client_reference_id", "")):
        params["client_reference_id"] = arguments["client_reference_id"]
    if is_email(arguments.get("locked_prefilled_email", "")):
        params["customer_email"] = arguments["locked_prefilled_email"]
    if arguments.get("locale") in _LOCALES:
        params["locale"] = arguments["locale"]
    return params


def _success_url(work: UnitOfWork, link: Record) -> str:
    after = link.body["after_completion"]
    if after["type"] == "redirect":
        return str(after["redirect"]["url"])
    return f"{work.base_url}/b/{link.private['code']}/thanks"


def count_completion(work: UnitOfWork, link_id: str) -> None:
    """Count a completed session of this link; the last one that is allowed closes the link."""
    link = work.records.get("payment_link", link_id)
    link.private["completed"] += 1
    if _is_full(link) and link.body["active"]:
        link.private["params"]["active"] = False
        _save(work, link)
    else:
        rebuild(work, link)
        work.records.save(link)


def _is_full(link: Record) -> bool:
    limit = find_limit(link.body["restrictions"])
    return limit is not None and link.private["completed"] >= limit


def _save(work: UnitOfWork, link: Record) -> None:
    previous = rebuild(work, link)
    work.records.save(link)
    if previous:
        work.emit("payment_link.updated", link.body, previous)


def _change_line(link: Record, given: Json, name: str) -> None:
    line = get_line(link, given["id"], f"{name}[id]")
    quantity = given.get("quantity", line["quantity"])
    if "adjustable_quantity" in given:
        line["adjustable"] = adjustable({**given, "quantity": quantity}, name)
    line["quantity"] = quantity


def _count_up(work: UnitOfWork, lines: list[Json]) -> None:
    for line in lines:
        price = work.records.get("price", line["price"]).body
        line["subtotal"] = line_subtotal(price, line, line["quantity"])
