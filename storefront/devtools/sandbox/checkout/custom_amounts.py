"""A session that sells at an amount the buyer chooses: what it may hold besides, and the choice on its page."""

from typing import cast

from storefront.devtools.sandbox.api.errors import invalid
from storefront.devtools.sandbox.api.members import inner
from storefront.devtools.sandbox.money import display, minimum_charge, step
from storefront.devtools.sandbox.storage.records import Json, Record
from storefront.devtools.sandbox.storage.unit_of_work import UnitOfWork

PARAM = "custom_unit_amount"


def first_choice(price: Json) -> int | None:
    """Return what an open session counts before anybody has chosen; None where the price has no preset."""
    custom = price["custom_unit_amount"]
    return None if custom is None else custom["preset"]


def check_custom_lines(work: UnitOfWork, params: Json, lines: list[Json]) -> None:
    """Refuse what does not go together with a chosen amount: it is the only line, once, at its whole price."""
    if not any(_is_custom(work, line) for line in lines):
        return
    _check_only_line(lines)
    for name in ("discounts", "allow_promotion_codes", "optional_items"):
        if params.get(name):
            raise _refused(f"`{name}` cannot be used with a price that has `custom_unit_amount`.", name)
    if inner(params, "adaptive_pricing", "enabled"):
        raise _refused("Adaptive pricing cannot be used with `custom_unit_amount`.", "adaptive_pricing[enabled]")


def choose_amount(work: UnitOfWork, session: Record, amount: int) -> None:
    """Take what the buyer typed, in minor units. Errors are for the buyer to read, beside the field."""
    line = find_custom_line(work, session)
    if line is None:
        raise invalid("The amount of this order cannot be chosen.", param=PARAM)
    _check_choice(work.records.get("price", line["price"]).body, amount)
    line["chosen"] = amount


def require_choice(work: UnitOfWork, session: Record) -> None:
    """Refuse to pay while the field is empty."""
    line = find_custom_line(work, session)
    if line is None:
        return
    if line["chosen"] is None:
        raise _refused("Please enter an amount.", PARAM)
    _check_choice(work.records.get("price", line["price"]).body, line["chosen"])


def custom_amount_of_page(work: UnitOfWork, session: Record) -> Json | None:
    """Return the limits and the choice so far, as the page needs them; None where the amount is fixed."""
    line = find_custom_line(work, session)
    if line is None:
        return None
    return {**work.records.get("price", line["price"]).body["custom_unit_amount"], "chosen": line["chosen"]}


def find_custom_line(work: UnitOfWork, session: Record) -> Json | None:
    lines = [line for line in session.private["lines"] if _is_custom(work, line)]
    return cast("Json", lines[0]) if lines else None


def _is_custom(work: UnitOfWork, line: Json) -> bool:
    return work.records.get("price", line["price"]).body["custom_unit_amount"] is not None


def _check_only_line(lines: list[Json]) -> None:
    if len(lines) > 1:
        raise _refused("A price with `custom_unit_amount` must be the only line item.", "line_items")
    if lines[0]["quantity"] != 1 or lines[0]["adjustable"]:
        raise _refused(
            "The quantity of a price with `custom_unit_amount` must be 1, and cannot be adjustable.",
            "line_items[0][quantity]",
        )


def _least_charge(amount: int, currency: str) -> int:
    """Without a minimum nothing is the least, and then what can be charged."""
    return minimum_charge(currency) if amount else 0


def _check_choice(price: Json, amount: int) -> None:
    custom, currency = price["custom_unit_amount"], price["currency"]
    least = custom["minimum"] or _least_charge(amount, currency)
    if amount < least:
        raise _refused(f"The amount must be at least {display(least, currency)}.", PARAM)
    if custom["maximum"] is not None and amount > custom["maximum"]:
        raise _refused(f"The amount must be at most {display(custom['maximum'], currency)}.", PARAM)
    if amount % step(currency):
        raise _refused(f"Amounts in {currency} must be divisible by {step(currency)}.", PARAM)


def _refused(message: str, param: str) -> Exception:
    return invalid(message, param=param, is_stored=False)
