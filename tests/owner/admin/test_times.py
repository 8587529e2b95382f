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
from storefront.shop.discounts.typed import DiscountRefused, read_typed
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
    assert "Time in Europe/Berlin" in owner.get("/admin/discounts/new").text
