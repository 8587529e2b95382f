"""Payment links: made, changed, visited (each visit opens a Checkout Session), used up."""

import re

from storefront.devtools.sandbox.api.errors import invalid
from storefront.devtools.sandbox.api.formats import is_email
from storefront.devtools.sandbox.api.updates import merged_metadata
from storefront.devtools.sandbox.checkout.line_items import adjustable, read_lines
from storefront.devtools.sandbox.checkout.payment_link_body import link_body, rebuild
from storefront.devtools.sandbox.checkout.session_creation import open_session_of
from storefront.devtools.sandbox.checkout.totals import line_subtotal
from storefront.devtools.sandbox.ids import new_id
from storefront.devtools.sandbox.storage.records import Json, Query, Record
from storefront.devtools.sandbox.storage.unit_of_work import UnitOfWork

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
    "submit_type",
    "tax_id_collection",
)


def add_link(work: UnitOfWork, params: Json) -> Record:
    lines, currency = read_lines(work, params["line_items"], takes_recurring=True)
    if params.get("currency", currency).lower() != currency:
        raise invalid(f"The prices are in `{currency}`, not in `{params['currency']}`.", param="currency")
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
    """`""` unsets, metadata is merged, lines change by their ids."""
    kept, lines = dict(link.private["params"]), params.pop("line_items", [])
    for name, value in params.items():
        if name == "metadata":
            kept[name] = merged_metadata(kept.get(name) or {}, value)
        elif value == "":
            kept.pop(name, None)
        else:
            kept[name] = value
    link.private["params"] = kept
    for place, each in enumerate(lines):
        _change_line(link, each, f"line_items[{place}]")
    _count_up(work, link.private["lines"])
    _save(work, link)


def find_link_by_code(work: UnitOfWork, code: str) -> Record | None:
    found, _ = work.records.page(
        Query(kind="payment_link", sql=("json_extract(private, '$.code') = ?",), values=(code,))
    )
    return found[0] if found else None


def visit(work: UnitOfWork, link: Record, asked: dict[str, str]) -> Record:
    """A new session for one visitor; `asked`: the parameters of the address, wrong ones are dropped.

    Raises Stripe's 400 when the link's prices cannot be sold here.
    """
    lines = [{**line, "id": new_id("li_1")} for line in link.private["lines"]]
    if any(work.records.get("price", line["price"]).body["type"] == "recurring" for line in lines):
        raise invalid("The local sandbox sells in payment mode only, not in subscription mode.")
    kept = link.private["params"]
    params: Json = {name: kept[name] for name in _HANDED_ON if name in kept}
    after = link.body["after_completion"]
    if after["type"] == "redirect":
        success_url = after["redirect"]["url"]
    else:
        success_url = f"{work.base_url}/b/{link.private['code']}/thanks"
    params.update(mode="payment", success_url=success_url)
    if _REFERENCE.fullmatch(asked.get("client_reference_id", "")):
        params["client_reference_id"] = asked["client_reference_id"]
    if is_email(asked.get("locked_prefilled_email", "")):
        params["customer_email"] = asked["locked_prefilled_email"]
    session = open_session_of(work, params, lines, link.private["currency"], link.id)
    if is_email(asked.get("prefilled_email", "")):
        session.private["prefilled_email"] = asked["prefilled_email"]
        work.records.save(session)
    return session


def count_completion(work: UnitOfWork, link_id: str) -> None:
    """A session of this link is complete; the last one that is allowed closes the link."""
    link = work.records.get("payment_link", link_id)
    link.private["completed"] += 1
    limit = (link.body["restrictions"] or {}).get("completed_sessions", {}).get("limit")
    if limit is not None and link.private["completed"] >= limit and link.body["active"]:
        link.private["params"]["active"] = False
        _save(work, link)
    else:
        rebuild(work, link)
        work.records.save(link)


def _save(work: UnitOfWork, link: Record) -> None:
    previous = rebuild(work, link)
    work.records.save(link)
    if previous:
        work.emit("payment_link.updated", link.body, previous)


def _change_line(link: Record, given: Json, name: str) -> None:
    line = next((each for each in link.private["lines"] if each["id"] == given["id"]), None)
    if line is None:
        raise invalid(f"No such item: '{given['id']}'", param=f"{name}[id]", code="resource_missing")
    quantity = given.get("quantity", line["quantity"])
    if "adjustable_quantity" in given:
        line["adjustable"] = adjustable({**given, "quantity": quantity}, name)
    line["quantity"] = quantity


def _count_up(work: UnitOfWork, lines: list[Json]) -> None:
    for line in lines:
        line["subtotal"] = line_subtotal(work.records.get("price", line["price"]).body, line["quantity"])
