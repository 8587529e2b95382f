"""New lines of an open session: the shop sends the whole list, and what it leaves out is gone."""

from storefront.devtools.sandbox.api.errors import exclusive, invalid
from storefront.devtools.sandbox.api.updates import merged_metadata
from storefront.devtools.sandbox.checkout.custom_amounts import check_custom_lines
from storefront.devtools.sandbox.checkout.line_items import adjustable, get_line, read_line
from storefront.devtools.sandbox.checkout.parameter_rules import check_line, check_number_of_lines
from storefront.devtools.sandbox.checkout.totals import compute, require_chargeable
from storefront.devtools.sandbox.storage.records import Json, Record
from storefront.devtools.sandbox.storage.unit_of_work import UnitOfWork


def replace_lines(work: UnitOfWork, session: Record, given_lines: list[Json]) -> None:
    """Keep the lines that are named by `id`, add the others, drop the rest; the order is the list's."""
    if session.body["ui_mode"] != "elements":
        raise invalid(
            "The line items of a Checkout Session can be updated with `ui_mode: elements` only.",
            param="line_items",
        )
    check_number_of_lines(given_lines)
    _refuse_repeated(given_lines)
    lines = [_line(work, session, given, f"line_items[{place}]") for place, given in enumerate(given_lines)]
    check_custom_lines(work, {}, lines)
    session.private["lines"] = lines
    compute(work, session)
    require_chargeable(session)


def _refuse_repeated(given_lines: list[Json]) -> None:
    ids: list[str] = []
    for line_id in [given["id"] for given in given_lines if "id" in given]:
        if line_id in ids:
            raise invalid(f"The item '{line_id}' is in the list twice.", param=f"line_items[{len(ids)}][id]")
        ids.append(line_id)


def _line(work: UnitOfWork, session: Record, given: Json, name: str) -> Json:
    if "id" not in given:
        check_line(given, name)
        return read_line(work, given, name, session.body["currency"])[0]
    for member in ("price", "price_data"):
        if member in given:
            raise exclusive(f"{name}[id]", f"{name}[{member}]")
    return _kept_line(get_line(session, given["id"], f"{name}[id]"), given, name)


def _kept_line(line: Json, given: Json, name: str) -> Json:
    """Return the line with what the call changes of it."""
    quantity = given.get("quantity", line["quantity"])
    limits = given.get("adjustable_quantity") or line["adjustable"]
    wanted = {"quantity": quantity, **({"adjustable_quantity": limits} if limits else {})}
    check_line({"price": line["price"], **wanted}, name)
    metadata = merged_metadata(line["metadata"], given.get("metadata"))
    return {**line, "quantity": quantity, "adjustable": adjustable(wanted, name), "metadata": metadata}
