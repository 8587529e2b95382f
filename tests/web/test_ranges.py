"""Range and its conditions, as RFC 9110 has them."""

from datetime import UTC, datetime

import pytest
from werkzeug.datastructures import Headers

from storefront.web.ranges import Part, Version, find_part

BOOK = Version(etag="abc", changed_at=datetime(2026, 11, 2, 9, 30, 15, tzinfo=UTC), size_bytes=1000)
CHANGED = "Mon, 02 Nov 2026 09:30:15 GMT"
EARLIER = "Mon, 02 Nov 2026 09:30:14 GMT"
LATER = "Mon, 02 Nov 2026 09:30:16 GMT"
WHOLE = Part(200, 0, 1000)
FIVE = {"Range": "bytes=5-9"}

RANGES = [
    ("bytes=5-9", Part(206, 5, 10)),
    ("BYTES = 5-9", Part(206, 5, 10)),
    ("bytes=990-", Part(206, 990, 1000)),
    ("bytes=0-99999", Part(206, 0, 1000)),
    ("bytes=-7", Part(206, 993, 1000)),
    ("bytes=-5000", Part(206, 0, 1000)),
    ("bytes=1000-", Part(416)),
    ("bytes=99999-100000", Part(416)),
    ("bytes=-0", Part(416)),
    ("bytes=-00", Part(416)),
    # What cannot be read, and units nobody knows, are ignored (14.2); several ranges may be (14.2 again).
    ("items=0-9", WHOLE),
    ("items=-9999999", WHOLE),
    ("items=-0", WHOLE),
    ("bytes=9-5", WHOLE),
    ("bytes=", WHOLE),
    ("bytes=x-y", WHOLE),
    ("5-9", WHOLE),
    ("bytes=0-1,5-6", WHOLE),
    ("bytes=0-1,99999-", WHOLE),
]

CONDITIONS = [
    # Preconditions come before Range (13.2.2).
    ({"If-Match": '"x"'}, Part(412)),
    ({"If-Match": '"x"'} | FIVE, Part(412)),
    ({"If-Match": 'W/"abc"'}, Part(412)),
    ({"If-Match": '"x", "abc"'} | FIVE, Part(206, 5, 10)),
    ({"If-Match": "*"}, WHOLE),
    ({"If-Unmodified-Since": EARLIER}, Part(412)),
    ({"If-Unmodified-Since": EARLIER} | FIVE, Part(412)),
    ({"If-Unmodified-Since": CHANGED}, WHOLE),
    ({"If-Unmodified-Since": EARLIER, "If-Match": '"abc"'}, WHOLE),
    ({"If-Unmodified-Since": "yesterday"}, WHOLE),
    ({"If-None-Match": '"abc"'}, Part(304)),
    ({"If-None-Match": 'W/"abc"'} | FIVE, Part(304)),
    ({"If-None-Match": "*"}, Part(304)),
    ({"If-None-Match": '"x"'} | FIVE, Part(206, 5, 10)),
    ({"If-None-Match": '"x"', "If-Modified-Since": LATER}, WHOLE),
    ({"If-None-Match": '"abc"', "If-Match": '"x"'}, Part(412)),
    ({"If-Modified-Since": CHANGED}, Part(304)),
    ({"If-Modified-Since": EARLIER}, WHOLE),
    # If-Range wants exactly this version, strongly (13.1.5).
    ({"If-Range": '"abc"'} | FIVE, Part(206, 5, 10)),
    ({"If-Range": '"x"'} | FIVE, WHOLE),
    ({"If-Range": 'W/"abc"'} | FIVE, WHOLE),
    ({"If-Range": CHANGED} | FIVE, Part(206, 5, 10)),
    ({"If-Range": LATER} | FIVE, WHOLE),
    ({"If-Range": EARLIER} | FIVE, WHOLE),
    ({"If-Range": '"x"', "Range": "bytes=99999-"}, WHOLE),
    ({"If-Range": '"x"'}, WHOLE),
]


@pytest.mark.parametrize(("asked", "part"), RANGES)
def test_finds_the_part_that_a_range_names(asked: str, part: Part) -> None:
    assert find_part("GET", Headers({"Range": asked}), BOOK) == part


@pytest.mark.parametrize(("headers", "part"), CONDITIONS)
def test_asks_conditions_in_their_order(headers: dict[str, str], part: Part) -> None:
    assert find_part("GET", Headers(headers), BOOK) == part


@pytest.mark.parametrize("asked", [asked for asked, _part in RANGES])
def test_has_no_ranges_for_head(asked: str) -> None:
    assert find_part("HEAD", Headers({"Range": asked}), BOOK) == WHOLE


def test_has_no_part_of_an_empty_file() -> None:
    empty = Version(etag="abc", changed_at=BOOK.changed_at, size_bytes=0)
    assert find_part("GET", Headers({"Range": "bytes=-5"}), empty) == Part(200)
    assert find_part("GET", Headers({"Range": "bytes=0-"}), empty) == Part(416)
