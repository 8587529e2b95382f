"""The lines of a session: from parameters to rows, and from rows to Stripe's `item` objects."""

from typing import cast

from storefront.devtools.sandbox.api.errors import invalid
from storefront.devtools.sandbox.api.parameter_checks import get_named, get_undeleted
from storefront.devtools.sandbox.api.updates import new_metadata
from storefront.devtools.sandbox.catalog.products import add_product
from storefront.devtools.sandbox.checkout.custom_amounts import first_choice
from storefront.devtools.sandbox.ids import new_id
from storefront.devtools.sandbox.resources.prices import add_price
from storefront.devtools.sandbox.storage.records import Json, Query, Record
from storefront.devtools.sandbox.storage.unit_of_work import UnitOfWork


def read_lines(work: UnitOfWork, params: list[Json], *, takes_recurring: bool = False) -> tuple[list[Json], str]:
    """Return the rows to keep and their one currency."""
    lines, currency = [], ""
    for place, given in enumerate(params):
        line, currency = read_line(work, given, f"line_items[{place}]", currency, takes_recurring=takes_recurring)
        lines.append(line)
    return lines, currency


def read_line(
    work: UnitOfWork, given: Json, name: str, currency: str, *, takes_recurring: bool = False
) -> tuple[Json, str]:
    """Return the row to keep and its currency, which must be `currency` unless that is empty."""
    price = _price(work, given, name, takes_recurring=takes_recurring)
    _check_price_currency(price.body["currency"], currency or price.body["currency"], f"{name}[price]")
    return _new_line(work, price, given, name), price.body["currency"]


def _check_price_currency(currency: str, expected: str, param: str) -> None:
    if currency != expected:
        raise invalid(
            f"The price specified supports currencies of `{currency}`. This doesn't match the expected currency:"
            f" `{expected}`.",
            param=param,
        )


def check_currency(params: Json, currency: str) -> None:
    """Refuse a `currency` parameter that is not the currency of the prices."""
    if params.get("currency", currency).lower() != currency:
        raise invalid(f"The prices are in `{currency}`, not in `{params['currency']}`.", param="currency")


def _new_line(work: UnitOfWork, price: Record, given: Json, name: str) -> Json:
    product = work.records.get("product", price.body["product"])
    return {
        "id": new_id("li_1"),
        "price": price.id,
        "quantity": given["quantity"],
        "chosen": first_choice(price.body),
        "adjustable": adjustable(given, name),
        "description": product.body["name"],
        "metadata": new_metadata(given),
        "subtotal": 0,
        "discount": 0,
    }


def _price(work: UnitOfWork, given: Json, name: str, *, takes_recurring: bool) -> Record:
    """Return the price that an item names or describes, or raise Stripe's 400 where it cannot be sold."""
    if "price_data" in given:
        return _inline_price(work, given["price_data"], f"{name}[price_data]")
    price = get_named(work, "price", given["price"], f"{name}[price]")
    if not price.body["active"]:
        raise invalid(
            "The price specified is inactive. This field only accepts active prices.", param=f"{name}[price]"
        )
    if not work.records.get("product", price.body["product"]).body["active"]:
        raise invalid(
            f"Price `{price.id}` is not available to be purchased because its product is not active.",
            param=f"{name}[price]",
        )
    if price.body["type"] == "recurring" and not takes_recurring:
        raise invalid(
            "You specified `payment` mode but passed a recurring price. Either switch to `subscription` mode or"
            " use only one-time prices.",
            param=f"{name}[price]",
        )
    return price


def _inline_price(work: UnitOfWork, data: Json, name: str) -> Record:
    if "product" in data:
        product = get_undeleted(work, "product", data["product"], f"{name}[product]")
    else:
        product = add_product(work, data["product_data"], is_inline=True)
    return add_price(work, data, product.id, name=name, emits=False, is_active=False)


def adjustable(given: Json, name: str) -> Json | None:
    wanted = given.get("adjustable_quantity")
    if not wanted or not wanted["enabled"]:
        return None
    limits = {
        "enabled": True,
        "maximum": wanted.get("maximum", 99),
        "minimum": wanted.get("minimum", 0),
    }
    if not 0 <= limits["minimum"] <= given["quantity"] <= limits["maximum"] <= 999_999:
        raise invalid(
            "The quantity must lie between adjustable_quantity's minimum and maximum (at most 999999).",
            param=f"{name}[adjustable_quantity]",
        )
    return limits


def line_items(work: UnitOfWork, session: Record) -> list[Json]:
    """Return Stripe's `item` objects, in the order of the request."""
    return [_item(work, session.body["currency"], line) for line in session.private["lines"]]


def get_line(owner: Record, line_id: str, param: str) -> Json:
    """Return the row of a session or payment link, or raise Stripe's 400."""
    for line in owner.private["lines"]:
        if line["id"] == line_id:
            return cast("Json", line)
    raise invalid(f"No such item: '{line_id}'", param=param, code="resource_missing")


def find_session_of(work: UnitOfWork, line_id: str) -> Record | None:
    return work.records.find_newest(
        Query(
            kind="checkout.session",
            sql=("? IN (SELECT json_extract(value, '$.id') FROM json_each(private, '$.lines'))",),
            values=(line_id,),
        )
    )


def _item(work: UnitOfWork, currency: str, line: Json) -> Json:
    return {
        "id": line["id"],
        "object": "item",
        "adjustable_quantity": line["adjustable"],
        "amount_discount": line["discount"],
        "amount_subtotal": line["subtotal"],
        "amount_tax": line.get("tax", 0),
        "amount_total": line["subtotal"] - line["discount"] + line.get("tax_on_top", 0),
        "currency": currency,
        "description": line["description"],
        "metadata": line["metadata"],
        "price": work.records.get("price", line["price"]).body,
        "quantity": line["quantity"],
    }
