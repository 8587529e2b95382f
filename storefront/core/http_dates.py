"""Dates in headers, which anybody may write: one that no calendar has is none."""

from datetime import datetime

from werkzeug.http import parse_date


def read_http_date(text: str | None) -> datetime | None:
    """Return the aware moment of RFC 9110's date; None for what is no date."""
    return None if is_impossible_date(text) else parse_date(text)


def is_impossible_date(text: str | None) -> bool:
    """Tell whether Werkzeug's parser fails: a number in it is larger than any machine's."""
    try:
        parse_date(text)
    except OverflowError:
        return True
    return False
