"""Every moment of /admin is one of the shop's zone: on pages, in sentences, and where an owner types one."""

import re
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import time_machine
from flask import Flask

from storefront.core.db import db
from storefront.owner import times
from storefront.shop.discounts.typed import DiscountRefused, read_end, read_moment, read_typed
from storefront.shop.profile.change import change_profile
from tests.support.people import make_person, sign_in_at_admin
from tests.support.rows import change_rows, read_rows
from tests.support.sale import sell
from tests.support.sandbox_client import SandboxClient

TEMPLATES = Path(__file__).parents[3] / "templates" / "owner"
# Days that no zone moves: of spans, of a gift, and of a license, which are days in UTC.
DAYS = ("span.first.isoformat", "span.last.isoformat", "send_on.isoformat", "license_until.date().isoformat")
BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")
LATE = datetime(2026, 11, 28, 23, 30, 5, tzinfo=UTC)


def test_leaves_every_time_of_a_page_to_the_filters() -> None:
    for path in TEMPLATES.rglob("*.html"):
        text = path.read_text()
        for day in DAYS:
            text = text.replace(day, "")
        assert not re.search(r"strftime|isoformat|astimezone|\|\s*(day|hour)\b|import[^%]*\bdate\b", text), path


def test_shows_moments_in_the_zone_of_the_shop(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(times, "shop_zone", lambda: BERLIN)
    began = '<time datetime="2026-11-29T00:30:05+01:00" title="Europe/Berlin">'
    with app.app_context():
        assert times.show_minute(LATE) == f"{began}2026-11-29 00:30</time>"
        assert times.show_second(LATE) == f"{began}2026-11-29 00:30:05</time>"
        assert times.show_date(LATE) == f"{began}2026-11-29</time>"
        assert times.show_long_date(LATE) == f"{began}November 29, 2026</time>"
        assert times.show_utc_day(LATE.astimezone(BERLIN)) == "2026-11-28"
        said = times.show_sentence("<b> until 2026-11-28 23:30 UTC, not 2026-11-28")
    assert said.startswith("&lt;b&gt; until <time ")
    assert said.endswith(">2026-11-29 00:30</time>, not 2026-11-28")


@pytest.mark.parametrize(
    ("moment", "zone"),
    [
        (datetime(1, 1, 1, tzinfo=UTC), NEW_YORK),
        (datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC), ZoneInfo("Asia/Tokyo")),
    ],
)
def test_shows_a_moment_at_the_calendars_end_as_utc_has_it(
    app: Flask, monkeypatch: pytest.MonkeyPatch, moment: datetime, zone: ZoneInfo
) -> None:
    """A folder may name one, and its page is where the owner puts it right."""
    monkeypatch.setattr(times, "shop_zone", lambda: zone)
    with app.app_context():
        for show in (times.show_minute, times.show_date, times.show_long_date, times.show_end):
            assert moment.isoformat() in show(moment)


def test_leaves_a_time_that_is_none_as_it_was_written(app: Flask) -> None:
    with app.app_context():
        assert times.show_sentence("2026-13-45 99:99 UTC") == "2026-13-45 99:99 UTC"
        assert "0001-01-01" in times.show_sentence("0001-01-01 00:00 UTC")


@time_machine.travel(LATE, tick=False)
def test_reads_what_an_owner_types_as_the_clock_there_shows_it() -> None:
    typed = read_typed(
        {"code": "MARCH", "percent": "20", "starts": "2027-03-28 09:30", "ends": "2027-03-28"}, BERLIN
    )
    assert typed.starts_at == datetime(2027, 3, 28, 7, 30, tzinfo=UTC)
    assert typed.ends_at == datetime(2027, 3, 28, 22, tzinfo=UTC)  # a day of 23 hours, whole
    autumn = {"code": "AUTUMN", "percent": "20", "ends": "2027-11-07 01:30"}
    assert read_typed(autumn, NEW_YORK).ends_at == datetime(2027, 11, 7, 5, 30, tzinfo=UTC)
    for year in ("0001", "9999"):
        with pytest.raises(DiscountRefused) as refused:
            read_typed({"code": "NEVER", "percent": "20", "ends": f"{year}-12-31"}, NEW_YORK)
        assert set(refused.value.problems) == {"ends"}
    with pytest.raises(DiscountRefused, match="Europe/Berlin"):
        read_typed({"code": "SOON", "percent": "20", "ends": "soon"}, BERLIN)


CAIRO = ZoneInfo("Africa/Cairo")  # its clocks go forward at midnight
NOT_THERE = "There is no 2027-03-28 02:30 in Europe/Berlin: the clocks go forward over it. Write 2027-03-28 03:30."


@pytest.mark.parametrize(
    ("text", "zone", "moment"),
    [
        ("2027-03-28 01:59", BERLIN, "2027-03-28T00:59"),
        ("2027-03-28 02:30", BERLIN, NOT_THERE),
        ("2027-03-28T02:30", BERLIN, NOT_THERE),
        ("2027-03-28 03:00", BERLIN, "2027-03-28T01:00"),
        ("2027-03-28 02:30", ZoneInfo("UTC"), "2027-03-28T02:30"),
        ("2027-10-31 02:30", BERLIN, "2027-10-31T00:30"),  # the first of both
        ("2027-10-31 02:30+02:00", BERLIN, "2027-10-31T00:30"),
        ("2027-10-31 02:30+01:00", BERLIN, "2027-10-31T01:30"),
        ("2027-10-31 01:30Z", BERLIN, "2027-10-31T01:30"),
        ("2027-10-31 01:30+24:00", BERLIN, "There is no such day or time: 2027-10-31 01:30+24:00."),
        ("2027-04-30", CAIRO, "2027-04-29T22:00"),  # begins at 01:00 there
    ],
)
def test_takes_no_minute_that_is_not_there_for_another(text: str, zone: ZoneInfo, moment: str) -> None:
    try:
        said = f"{read_moment(text, zone=zone):%Y-%m-%dT%H:%M}"
    except ValueError as refused:
        said = str(refused)
    assert said == moment


@time_machine.travel(LATE, tick=False)
def test_refuses_an_end_that_is_not_there_beside_its_field() -> None:
    for field in ("starts", "ends"):
        with pytest.raises(DiscountRefused) as refused:
            read_typed({"code": "GAP", "percent": "20", field: "2027-03-28 02:30"}, BERLIN)
        assert refused.value.problems == {field: NOT_THERE}


@pytest.mark.parametrize(
    ("end", "zone", "words", "last"),
    [
        ("2027-03-31", BERLIN, "2027-03-31, the whole day", "March 31, 2027"),
        ("2027-03-28", BERLIN, "2027-03-28, the whole day", "March 28, 2027"),
        ("2027-04-29", CAIRO, "2027-04-29, the whole day", "April 29, 2027"),
        ("2027-03-31", NEW_YORK, "2027-03-31, the whole day", "March 31, 2027"),
        ("2027-04-01 00:00", BERLIN, "2027-03-31, the whole day", "March 31, 2027"),  # the same moment
        ("2027-03-31 23:59", BERLIN, "2027-03-31 23:59", "March 31, 2027"),
        ("2027-03-31 00:01", BERLIN, "2027-03-31 00:01", "March 31, 2027"),
        ("2027-03-31 00:00Z", BERLIN, "2027-03-31 02:00", "March 31, 2027"),
    ],
)
def test_shows_an_end_as_it_was_typed(
    monkeypatch: pytest.MonkeyPatch, end: str, zone: ZoneInfo, words: str, last: str
) -> None:
    monkeypatch.setattr(times, "shop_zone", lambda: zone)
    monkeypatch.setattr(times, "show_day", lambda day: f"{day:%B} {day.day}, {day.year}")
    moment = read_end(end, zone=zone)
    assert f">{words}</time>" in times.show_end(moment)
    assert f">{last}</time>" in times.show_last_day(moment)


def test_says_the_same_day_on_every_page(app: Flask, sandbox: SandboxClient) -> None:
    sell(app, sandbox)
    change_rows(app, "UPDATE orders SET placed_at = '2026-11-28 23:30:00', paid_at = '2026-11-28 23:30:00'")
    with app.app_context():
        change_profile({"time_zone": "Europe/Berlin"})
        db.session.remove()
    number = read_rows(app, "SELECT number FROM orders")[0]["number"]
    owner = sign_in_at_admin(app, make_person(app))
    for path in ("/admin", "/admin/orders", f"/admin/orders/{number}"):
        page = owner.get(path).text
        assert '<time datetime="2026-11-29T00:30:00+01:00" title="Europe/Berlin">2026-11-29 00:30</time>' in page
        assert "2026-11-28 23:30" not in page
    assert "Times are in Europe/Berlin." in owner.get(f"/admin/orders/{number}").text
    assert "When (Europe/Berlin)" in owner.get("/admin/audit").text
    owner.post("/admin/discounts", code="EARLY", percent="20", starts="2027-03-01 09:30", ends="2030-12-31")
    assert '+01:00" title="Europe/Berlin">2027-03-01 09:30</time>' in owner.get("/admin/discounts/EARLY").text
    assert "2030-12-31, the whole day" in owner.get("/admin/discounts/EARLY").text
    assert "December 31, 2030" in owner.get("/admin/discounts").text
    form = owner.get("/admin/discounts/new").text
    assert form.count("Time in Europe/Berlin") == 2
    assert "twice is the first of both" in form
    refused = owner.post("/admin/discounts", code="GAP", percent="20", starts="2027-03-28 02:30")
    assert (refused.status_code, "Write 2027-03-28 03:30." in refused.text) == (400, True)
    assert 'value="2027-03-28 02:30"' in refused.text
