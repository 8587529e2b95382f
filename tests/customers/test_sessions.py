"""Sessions: a row for each browser that is signed in; ended by its owner, by time, and with all it opened."""

from datetime import timedelta

import pytest
import time_machine
from flask import Flask

from storefront.buyers.account.signed_in import seen_in_words
from storefront.core import clock
from storefront.core.db import db
from storefront.customers.browser_session import KEY
from storefront.customers.signed_in_browsers import MOST
from storefront.worker import forget_hourly
from tests.support.databases import BOTH
from tests.support.rows import read_rows
from tests.support.shop import Buyer
from tests.support.sign_in import is_in, make_customer, signed_in
from tests.support.statements import counted

both = pytest.mark.parametrize("engine", BOTH, indirect=True)
ADA, EVE = "ada@example.com", "eve@example.com"
PAGES = ("/library", "/account", "/account/export.json")
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0"


def cookie_of(buyer: Buyer) -> str:
    cookie = buyer.client.get_cookie("storefront_session", domain="localhost")
    assert cookie
    return cookie.value


def copy_of(app: Flask, cookie: str) -> Buyer:
    thief = Buyer(app)
    thief.client.set_cookie("storefront_session", cookie, domain="localhost")
    return thief


def rows(app: Flask) -> list[dict[str, object]]:
    return read_rows(app, "SELECT * FROM sign_ins ORDER BY id")


def forget(app: Flask) -> None:
    with app.app_context():
        forget_hourly()
        db.session.remove()


@both
def test_opens_nothing_to_a_copy_of_the_cookie_after_signing_out(app: Flask) -> None:
    make_customer(app)
    ada = signed_in(app)
    old = cookie_of(ada)
    assert is_in(copy_of(app, old))
    ada.post("/sign-out")
    thief = copy_of(app, old)
    for path in PAGES:
        assert thief.get(path).location == "/sign-in"
    for path in ("/account/erase", "/account/address", "/account/news"):
        assert thief.post(path, new_email=EVE).location == "/sign-in"
    assert rows(app) == []


def test_gives_each_sign_in_an_id_of_its_own_and_ends_the_one_before_in_that_browser(app: Flask) -> None:
    make_customer(app)
    seen = set()
    for _ in range(3):
        browser = signed_in(app)
        seen.add(rows(app)[-1]["token_hash"])
    assert len(seen) == len(rows(app)) == 3
    assert KEY not in str(rows(app))
    assert is_in(browser)


def test_keeps_the_token_in_the_cookie_alone(app: Flask) -> None:
    make_customer(app)
    ada = signed_in(app)
    with ada.client.session_transaction(base_url=ada.base_url) as kept:
        token = kept[KEY]
    assert token not in str(rows(app))


def test_opens_nothing_to_cookies_from_before_there_were_rows(app: Flask) -> None:
    make_customer(app)
    buyer = Buyer(app)
    with buyer.client.session_transaction(base_url=buyer.base_url) as kept:
        kept["customer"] = [1, 1]
        kept["orders"] = [1]
    assert not is_in(buyer)
    assert buyer.get("/sign-in").status_code == 200


@pytest.mark.parametrize("value", [None, 1, [1, 1], "", "x" * 200, "a\x00b", {"a": 1}])
def test_takes_an_odd_value_in_the_cookie_for_nobody(app: Flask, value: object) -> None:
    buyer = Buyer(app)
    with buyer.client.session_transaction(base_url=buyer.base_url) as kept:
        kept[KEY] = value
    assert not is_in(buyer)
    assert buyer.post("/sign-out").location == "/"


@both
def test_ends_30_days_after_the_last_visit_and_90_after_the_first(app: Flask) -> None:
    make_customer(app)
    idle, daily = signed_in(app), signed_in(app)
    with time_machine.travel(clock.now(), tick=False) as clocks:
        for _ in range(3):
            clocks.shift(timedelta(days=29))
            assert is_in(daily)
        clocks.shift(timedelta(days=2, hours=23))
        forget(app)
        assert is_in(daily)
        assert not is_in(idle)
        assert len(rows(app)) == 1
        clocks.shift(timedelta(hours=2))
        assert not is_in(daily)
        forget(app)
        assert rows(app) == []


def test_keeps_the_cookie_alive_while_it_is_used(app: Flask) -> None:
    make_customer(app)
    ada = signed_in(app)
    with time_machine.travel(clock.now(), tick=False) as clocks:
        clocks.shift(timedelta(days=1))
        assert "storefront_session" in ada.get("/library").headers["Set-Cookie"]
        clocks.shift(timedelta(minutes=6))
        assert "Set-Cookie" not in ada.get("/library").headers


def test_writes_nothing_for_a_page_view_but_now_and_then(app: Flask) -> None:
    make_customer(app)
    ada = signed_in(app)
    with time_machine.travel(clock.now(), tick=False) as clocks:
        written = []
        for minutes in (0, 4, 2, 4):
            clocks.shift(timedelta(minutes=minutes))
            with counted(app) as statements:
                ada.get("/library")
            written.append(sum(not statement.startswith("SELECT") for statement in statements))
    assert written == [0, 0, 1, 0]


def test_lists_sessions_in_the_account_and_ends_one(app: Flask) -> None:
    make_customer(app)
    ada = signed_in(app)
    assert "signed in here and nowhere else" in ada.get("/account").text
    other = signed_in(app, user_agent=FIREFOX)
    page = ada.get("/account").text
    assert page.count("This browser") == 1
    assert "Firefox on Windows" in page
    assert page.index("This browser") < page.index("Firefox on Windows")
    ended = rows(app)[-1]["id"]
    assert ada.post(f"/account/sessions/{ended}/end").location == "/account#sessions"
    assert "Firefox on Windows is signed out" in ada.get("/account").text
    assert not is_in(other)
    assert is_in(ada)
    ada.post(f"/account/sessions/{ended}/end")
    assert "already ended" in ada.get("/account").text


def test_lets_nobody_end_a_session_of_another_customer(app: Flask) -> None:
    make_customer(app)
    make_customer(app, EVE)
    ada, eve = signed_in(app), signed_in(app, EVE)
    eve.post(f"/account/sessions/{rows(app)[0]['id']}/end")
    assert is_in(ada)
    assert Buyer(app).post(f"/account/sessions/{rows(app)[0]['id']}/end").location == "/sign-in"
    assert is_in(ada)


def test_ends_its_own_session_as_signing_out_does(app: Flask) -> None:
    make_customer(app)
    ada = signed_in(app)
    ada.post(f"/account/sessions/{rows(app)[0]['id']}/end")
    assert not is_in(ada)


def test_has_no_more_rows_for_a_customer_than_a_page_shows(app: Flask) -> None:
    make_customer(app)
    first = signed_in(app)
    browsers = [signed_in(app) for _ in range(MOST)]
    assert not is_in(first)
    assert len(rows(app)) == MOST
    page = browsers[-1].get("/account").text
    assert f"{MOST - 5} more sessions" in page
    assert page.count('class="device"') == MOST


def test_ends_all_of_one_customer_alone_at_signing_out_everywhere(app: Flask) -> None:
    make_customer(app)
    make_customer(app, EVE)
    first, second, eve = signed_in(app), signed_in(app), signed_in(app, EVE)
    first.post("/sign-out", everywhere="1")
    assert [is_in(browser) for browser in (first, second, eve)] == [False, False, True]


def test_is_named_in_the_export(app: Flask) -> None:
    make_customer(app)
    signed_in(app, user_agent=FIREFOX)
    assert '"Firefox on Windows"' in signed_in(app).get("/account/export.json").text


@pytest.mark.parametrize(
    ("passed", "words"),
    [
        ({"minutes": 9}, "just now"),
        ({"minutes": 10}, "10 minutes ago"),
        ({"minutes": 119}, "1 hour ago"),
        ({"hours": 5}, "5 hours ago"),
        ({"hours": 47}, "1 day ago"),
        ({"days": 29}, "29 days ago"),
        ({"minutes": -3}, "just now"),
    ],
)
def test_says_in_words_when_a_browser_was_seen(passed: dict[str, float], words: str) -> None:
    now = clock.now()
    assert seen_in_words(now - timedelta(**passed), now) == words
