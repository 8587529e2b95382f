"""Numbers of rows in addresses: what no database takes as one matches no rule, whatever the method."""

from flask import Flask
from werkzeug.routing import IntegerConverter

from storefront.core.row_ids import LARGEST

MOST_DIGITS = 100  # that are read at all


def _up_to(largest: str) -> str:
    """Return a pattern of the numbers to this one."""
    shorter = f"[0-9]{{1,{len(largest) - 1}}}"
    smaller = [
        f"{largest[:place]}[0-{int(digit) - 1}][0-9]{{{len(largest) - place - 1}}}"
        for place, digit in enumerate(largest)
        if digit != "0"
    ]
    return "|".join([shorter, *smaller, largest])


class RowId(IntegerConverter):
    """`<row:order_id>`. Werkzeug asks a rule's method before it looks at a `max`, and would answer 405."""

    regex = _up_to(str(LARGEST))


def read_row_id(text: str) -> int | None:
    """Return the number that a query string names, at most the largest; None where it is no number."""
    is_number = text.isascii() and text.isdigit() and len(text) < MOST_DIGITS
    return min(int(text), LARGEST) if is_number else None


def set_up_row_ids(app: Flask) -> None:
    app.url_map.converters["row"] = RowId
