"""Dates of headers with a number that no machine word holds, which parsers of dates fail at."""

import pytest

IMPOSSIBLE_DATES = (
    "Mon, 01 Jan 99999999999999999999 00:00:00 GMT",
    "Mon, 99999999999999999999 Jan 2026 00:00:00 GMT",
    "Mon, 01 Jan 2026 00:00:99999999999999999999 GMT",
    "Mon, 01 Jan 2026 00:00:00 +99999999999999999999",
)
CONDITIONS = ("If-Modified-Since", "If-Unmodified-Since", "If-Range")
with_impossible_dates = pytest.mark.parametrize("date", IMPOSSIBLE_DATES, ids=["year", "day", "second", "zone"])
