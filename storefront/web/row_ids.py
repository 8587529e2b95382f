"""Numbers of rows in addresses: what no database takes as one matches no rule, whatever the method."""

from flask import Flask
from werkzeug.routing import IntegerConverter

LARGEST = 2147483647  # of PostgreSQL's integer


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


def set_up_row_ids(app: Flask) -> None:
    app.url_map.converters["row"] = RowId
