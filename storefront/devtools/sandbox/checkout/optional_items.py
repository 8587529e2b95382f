"""What a session offers besides its lines: optional items, which become lines where the buyer takes them."""

from storefront.devtools.sandbox.api.errors import invalid
from storefront.devtools.sandbox.api.members import list_of
from storefront.devtools.sandbox.api.parameter_checks import require, require_positive
from storefront.devtools.sandbox.checkout.line_items import read_line
from storefront.devtools.sandbox.checkout.totals import line_subtotal
from storefront.devtools.sandbox.storage.records import Json, Record
from storefront.devtools.sandbox.storage.unit_of_work import UnitOfWork

_MOST, _MOST_WITH_LINES = 10, 100


def check_optional_items(params: Json) -> None:
    """Judge the parameter before anything is executed."""
    given = list_of(params, "optional_items")
    if len(given) > _MOST:
        raise invalid(f"You can add at most {_MOST} optional_items.", param="optional_items", is_stored=False)
    if len(given) + len(list_of(params, "line_items")) > _MOST_WITH_LINES:
        raise invalid(
            f"A Checkout Session can have at most {_MOST_WITH_LINES} line items and optional items together.",
            param="optional_items",
            is_stored=False,
        )
    for place, item in enumerate(given):
        require(item, "price", "quantity", name=f"optional_items[{place}]")
        require_positive(item["quantity"], f"optional_items[{place}][quantity]")


def read_optional_items(work: UnitOfWork, params: Json, currency: str) -> list[Json]:
    """Return rows like those of lines; each becomes a line with the id that it has here."""
    rows = []
    for place, given in enumerate(list_of(params, "optional_items")):
        name = f"optional_items[{place}]"
        row, _currency = read_line(work, given, name, currency)
        if work.records.get("price", row["price"]).body["custom_unit_amount"] is not None:
            raise invalid("A price with `custom_unit_amount` cannot be optional.", param=f"{name}[price]")
        rows.append(row)
    return rows


def optional_items_of_body(rows: list[Json]) -> list[Json]:
    return [
        {"price": row["price"], "quantity": row["quantity"], "adjustable_quantity": row["adjustable"]}
        for row in rows
    ]


def _may_be(quantity: int, row: Json) -> bool:
    limits = row["adjustable"] or {"minimum": row["quantity"], "maximum": row["quantity"]}
    return bool(max(1, limits["minimum"]) <= quantity <= limits["maximum"])


def take_optional_item(session: Record, price_id: str, quantity: int, name: str) -> None:
    """Make it a line with this quantity; 0 takes it out again."""
    row = _find(session.private["optional"], price_id)
    if row is None:
        raise invalid(f"This item is not offered: '{price_id}'", param=f"{name}[price]", code="resource_missing")
    if quantity and not _may_be(quantity, row):
        raise invalid("This item cannot be added with that quantity.", param=f"{name}[quantity]")
    lines = [line for line in session.private["lines"] if line["id"] != row["id"]]
    session.private["lines"] = [*lines, {**row, "quantity": quantity}] if quantity else lines


def optional_items_of_page(work: UnitOfWork, session: Record) -> list[Json]:
    """Return each with whether it is taken, as the page needs it."""
    taken = {line["id"] for line in session.private["lines"]}
    return [_of_page(work, row, is_taken=row["id"] in taken) for row in session.private["optional"]]


def _of_page(work: UnitOfWork, row: Json, *, is_taken: bool) -> Json:
    price = work.records.get("price", row["price"]).body
    return {
        "price": row["price"],
        "description": row["description"],
        "quantity": row["quantity"],
        "subtotal": line_subtotal(price, row, row["quantity"]),
        "is_taken": is_taken,
    }


def _find(rows: list[Json], price_id: str) -> Json | None:
    return next((row for row in rows if row["price"] == price_id), None)
