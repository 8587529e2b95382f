"""Promotions, which apply by themselves: on every page, in the cart, at Stripe and in the order."""

import json
import re
import threading
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from flask import Flask

from storefront.core import clock
from storefront.core.config.checkout_ui import CheckoutUi
from storefront.core.db import db, transaction
from storefront.shop.catalog.models import Product
from storefront.shop.discounts.change import create_discount, stop_discount
from storefront.shop.discounts.typed import DiscountRefused
from storefront.shop.editor.prices import set_price
from storefront.shop.profile.change import change_profile
from tests.support.databases import BOTH
from tests.support.discounts import codes_at_stripe, discount, uses_of, words
from tests.support.gifts import FIELDS, ROSA
from tests.support.rows import change_rows, read_rows
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer, find_price
from tests.support.statements import counted

LONG_AGO = "UPDATE prices SET created_at = '2020-01-01 00:00:00+00:00'"


def promote(app: Flask, code: str = "BLACK-FRIDAY", *, days: float = 3, **typed: Any) -> str:
    ends = clock.now() + timedelta(days=days)
    return discount(app, code, automatic="yes", ends=f"{ends:%Y-%m-%d %H:%M}", **typed)


@pytest.fixture
def _promotion(app: Flask, sandbox: SandboxClient) -> None:
    change_rows(app, LONG_AGO)
    assert promote(app) == ""


def stop(app: Flask) -> None:
    with app.app_context():
        stop_discount("BLACK-FRIDAY")
        db.session.remove()


def newest_session(app: Flask) -> str:
    rows = read_rows(app, "SELECT checkout_session_id FROM checkouts ORDER BY id DESC LIMIT 1")
    return str(rows[0]["checkout_session_id"])


def test_says_the_day_that_its_owner_typed(app: Flask, sandbox: SandboxClient, buyer: Buyer) -> None:
    """Its last moment is of the next day in UTC."""
    with app.app_context():
        change_profile({"time_zone": "America/New_York"})
        typed = {"code": "SALE", "percent": "20", "automatic": "yes", "ends": "2027-03-31"}
        with time_machine.travel(datetime(2027, 3, 1, tzinfo=UTC), tick=True):
            create_discount(typed, zone=ZoneInfo("America/New_York"))
        db.session.remove()
    with time_machine.travel(datetime(2027, 4, 1, 3, 30, tzinfo=UTC), tick=True):
        assert "SALE 20% off until March 31, 2027." in words(buyer.get("/").text)


@pytest.mark.usefixtures("_promotion")
@pytest.mark.parametrize("ui", CheckoutUi)
def test_is_the_price_everywhere_up_to_the_order(
    app: Flask, sandbox: SandboxClient, buyer: Buyer, ui: CheckoutUi
) -> None:
    with app.app_context(), transaction() as session:
        for product in session.query(Product):
            product.checkout_ui = ui
    assert "Was $19.00 $15.20" in words(buyer.get("/").text)
    page = buyer.get("/products/twinspot")
    assert "Was $19.00 $15.20" in words(page.text)
    assert "BLACK-FRIDAY 20% off until" in words(page.text)
    assert "Set-Cookie" not in page.headers
    buyer.add("twinspot", "Personal", quantity=2)
    cart = words(buyer.get("/cart").text).replace(" ", "")
    assert "BLACK-FRIDAY\N{MINUS SIGN}$7.60" in cart
    assert "Haveadiscountcode?" in cart
    assert "RemoveBLACK" not in cart
    assert buyer.post("/checkout", nonce=buyer.nonce()).status_code == 303
    made: Any = sandbox.stripe.v1.checkout.sessions.retrieve(newest_session(app))
    assert (made.amount_total, made.allow_promotion_codes, made.discounts[0].promotion_code) == (3040, None, None)
    sandbox.pay(made.id)
    buyer.land(made.id)
    assert read_rows(app, "SELECT discount_code, total_minor FROM orders") == [
        {"discount_code": "BLACK-FRIDAY", "total_minor": 3040}
    ]
    assert uses_of(app, "BLACK-FRIDAY") == 1
    assert codes_at_stripe(sandbox, "BLACK-FRIDAY") == []  # nobody can type it


@pytest.mark.usefixtures("_promotion")
def test_is_in_the_data_for_search_engines_in_every_currency(app: Flask, buyer: Buyer) -> None:
    found = re.search(r'<script type="application/ld\+json">(.*?)</script>', buyer.get("/products/twinspot").text)
    assert found
    offers = json.loads(found[1])["offers"]
    assert {(offer["price"], offer["priceSpecification"]["price"]) for offer in offers} >= {("15.20", "19.00")}
    assert all(offer["priceValidUntil"] for offer in offers)


@pytest.mark.usefixtures("_promotion")
def test_gives_the_buyer_the_better_of_a_code_and_the_promotion(app: Flask, buyer: Buyer) -> None:
    discount(app, "BETTER", percent="50")
    discount(app, "WORSE", percent="5")
    assert "$9.50 with BETTER" in words(buyer.get("/products/twinspot?code=BETTER").text)
    other = Buyer(app)
    assert "Was $19.00 $15.20" in words(other.get("/products/twinspot?code=WORSE").text)
    other.add("twinspot", "Personal")
    cart = words(other.get("/cart").text)
    assert "BLACK-FRIDAY takes more off than WORSE." in cart
    assert "Remove WORSE" in cart
    assert "$15.20" in cart


@pytest.mark.usefixtures("_promotion")
def test_is_no_code(app: Flask, buyer: Buyer) -> None:
    assert "You need no code for BLACK-FRIDAY." in words(buyer.get("/?code=black-friday").text)
    stop(app)
    assert "We don't know the code BLACK-FRIDAY." in words(buyer.get("/?code=black-friday").text)


@pytest.mark.usefixtures("_promotion")
def test_leads_back_where_it_ended_before_the_click(app: Flask, buyer: Buyer) -> None:
    shown = {"price_id": str(read_rows(app, "SELECT id FROM prices WHERE amount_minor = 1900")[0]["id"])}
    found = re.search(r'name="promotion" value="(\d+)"', buyer.get("/products/twinspot").text)
    assert found
    buyer.add("twinspot", "Personal")
    nonce = buyer.nonce()
    stop(app)
    for path, more in (("/checkout/now", shown), ("/checkout", {"nonce": nonce})):
        answer = buyer.post(path, promotion=found[1], **more)
        assert answer.location.startswith("/products/twinspot" if "now" in path else "/cart")
        page = words(buyer.get(answer.location).text)
        assert "The promotion has ended, so nothing was charged. This is the price now." in page
        assert "$15.20" not in page
    assert read_rows(app, "SELECT id FROM checkouts") == []


@pytest.mark.usefixtures("_promotion")
def test_sells_on_at_the_whole_price_where_stripe_refuses_it(
    app: Flask, sandbox: SandboxClient, buyer: Buyer
) -> None:
    buyer.add("twinspot", "Personal")
    mirror = read_rows(app, "SELECT coupon_id FROM discount_mirrors")[0]["coupon_id"]
    sandbox.stripe.v1.coupons.delete(mirror)
    assert buyer.post("/checkout", nonce=buyer.nonce()).location == "/cart"
    assert "$15.20" not in words(buyer.get("/cart").text)
    assert "$15.20" not in words(buyer.get("/products/twinspot").text)
    assert buyer.post("/checkout", nonce=buyer.nonce()).location != "/cart"
    assert sandbox.stripe.v1.checkout.sessions.retrieve(newest_session(app)).amount_total == 1900


def test_keeps_no_page_in_caches_over_its_beginning_or_end(app: Flask, sandbox: SandboxClient) -> None:
    def kept() -> str:
        return Buyer(app).get("/products/twinspot").headers["Cache-Control"]

    assert "s-maxage=60" in kept()
    now = clock.now().replace(second=0, microsecond=0) + timedelta(minutes=1)
    begins, ends = now + timedelta(minutes=5), now + timedelta(minutes=10)
    discount(app, "SALE", automatic="yes", starts=f"{begins:%Y-%m-%d %H:%M}", ends=f"{ends:%Y-%m-%d %H:%M}")
    for moment, seconds, is_lower in (
        (now, 60, False),
        (begins - timedelta(seconds=20), 20, False),
        (begins, 60, True),
        (ends - timedelta(seconds=7), 7, True),
        (ends, 60, False),
    ):
        with time_machine.travel(moment, tick=False):
            assert f"s-maxage={seconds}" in kept()
            assert ("$15.20" in Buyer(app).get("/").text) is is_lower


def test_costs_three_statements_where_there_is_one_and_none_elsewhere(app: Flask, sandbox: SandboxClient) -> None:
    counts = {}
    for name in ("without", "with"):
        for path in ("/", "/products/twinspot"):
            Buyer(app).get(path)
            with counted(app) as statements:
                Buyer(app).get(f"{path}?source=news")  # drawn anew
            counts[name, path] = len(statements)
        if name == "without":
            promote(app)
    assert [counts["with", path] - counts["without", path] for path in ("/", "/products/twinspot")] == [3, 3]


@pytest.mark.parametrize(
    ("history", "shown"),
    [
        ((), "Was $19.00 $15.20"),
        ((17_00, 19_00), "Was $17.00 $15.20"),  # it was raised a week before
        ((15_00, 19_00), " $15.20"),  # it costs no less than a week before
    ],
)
@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_crosses_out_the_lowest_price_of_the_thirty_days_before(
    app: Flask, sandbox: SandboxClient, buyer: Buyer, history: tuple[int, ...], shown: str
) -> None:
    change_rows(app, LONG_AGO)
    for days, amount in zip((20, 7), history, strict=False):
        with time_machine.travel(clock.now() - timedelta(days=days)), app.app_context():
            set_price("twinspot", "personal", "usd", amount)
            db.session.remove()
    promote(app, products=("twinspot",))
    page = words(buyer.get("/products/twinspot").text)
    assert shown in page
    assert re.findall(r"Was (\$1\d\.00)", page) == re.findall(r"Was (\S+)", shown)


def test_counts_an_earlier_promotion_and_crosses_nothing_out_that_is_new(
    app: Flask, sandbox: SandboxClient, buyer: Buyer
) -> None:
    upgrade = "INSERT INTO prices (edition_id, upgrades_from_id, amount_minor, currency, is_active, created_at)"
    personal = (
        "SELECT edition_id, edition_id, 500, currency, false, created_at FROM prices WHERE amount_minor = 1900"
    )
    change_rows(app, f"{upgrade} {personal}", LONG_AGO)  # what an upgrade costs is no price of before
    promote(app, percent="10")
    stop(app)
    promote(app, "AGAIN")
    assert "Was $17.10 $15.20" in words(buyer.get("/products/twinspot").text)
    change_rows(app, "UPDATE prices SET created_at = '2090-01-01 00:00:00+00:00'")
    page = words(buyer.get("/products/twinspot").text)
    assert ("$15.20" in page, "Was" in page) == (True, False)


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("amounts", {"amounts": "5.00 USD"}),
        ("minimum", {"minimum": "20.00 USD"}),
        ("first_purchase", {"first_purchase": "yes"}),
        ("most_uses", {"most_uses": "5"}),
        ("ends", {"ends": ""}),
    ],
)
def test_refuses_what_cannot_stand_on_every_page(app: Flask, field: str, typed: dict[str, str]) -> None:
    values: dict[str, Any] = {"automatic": "yes", "ends": f"{clock.now() + timedelta(days=9):%Y-%m-%d}"} | typed
    with pytest.raises(DiscountRefused) as refused:
        discount(app, **values)
    assert "What applies by itself" in refused.value.problems[field]


BOOK = "the-patient-toolmaker"


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_runs_beside_others_and_each_price_shows_the_best_for_it(
    app: Flask, sandbox: SandboxClient, buyer: Buyer
) -> None:
    change_rows(app, LONG_AGO)
    start = threading.Barrier(2)

    def make(code: str, **typed: Any) -> None:
        start.wait()
        promote(app, code, **typed)

    threads = [
        threading.Thread(target=make, args=("BLACK-FRIDAY",)),
        threading.Thread(target=make, args=("BOOKS",), kwargs={"percent": "50", "products": (BOOK,)}),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    front = words(buyer.get("/").text)
    assert "Was $19.00 $15.20" in front
    assert re.search(r"Was \$(14\.00|11\.20) \$7\.00", front)  # the other one counts if it began before
    assert "BLACK-FRIDAY 20% off until" in front
    assert "BOOKS 50% off some products until" in front
    assert "BOOKS 50% off until" in words(buyer.get(f"/products/{BOOK}").text)
    assert "BOOKS" not in words(buyer.get("/products/twinspot").text)
    buyer.add("twinspot", "Personal")
    buyer.add(BOOK, "E-book")
    cart = words(buyer.get("/cart").text)
    assert "One promotion counts in an order. BOOKS takes most off." in cart
    assert buyer.post("/checkout", nonce=buyer.nonce()).status_code == 303
    assert sandbox.stripe.v1.checkout.sessions.retrieve(newest_session(app)).amount_total == 2600


def test_waits_while_another_one_runs(app: Flask, sandbox: SandboxClient) -> None:
    change_rows(app, LONG_AGO)
    begins, ends = (clock.now() + timedelta(days=days) for days in (5, 9))
    promote(app)
    discount(
        app,
        "ADVENT",
        automatic="yes",
        starts=f"{begins:%Y-%m-%d %H:%M}",
        ends=f"{ends:%Y-%m-%d %H:%M}",
        percent="30",
    )
    for days, shown in ((0, "Was $19.00 $15.20"), (4, "$19.00"), (6, "Was $15.20 $13.30")):
        with time_machine.travel(clock.now() + timedelta(days=days)):
            page = words(Buyer(app).get("/products/twinspot").text)
            assert (shown in page, "Was" in page) == (True, "Was" in shown)


def test_is_left_alone_for_who_met_a_refusal_of_it_and_no_other(
    app: Flask, sandbox: SandboxClient, buyer: Buyer
) -> None:
    for code, percent in (("BLACK-FRIDAY", "20"), ("LESS", "10"), ("LEAST", "5")):
        promote(app, code, percent=percent)
    buyer.add("twinspot", "Personal")
    for refused, left in (("BLACK-FRIDAY", "$17.10"), ("LESS", "$18.05")):
        mirror = "SELECT coupon_id FROM discount_mirrors JOIN discounts ON discounts.id = discount_id"
        coupon = read_rows(app, f"{mirror} WHERE code = :code", code=refused)[0]["coupon_id"]
        sandbox.stripe.v1.coupons.delete(coupon)
        assert buyer.post("/checkout", nonce=buyer.nonce()).location == "/cart"
        assert left in words(buyer.get("/cart").text)
    assert buyer.post("/checkout", nonce=buyer.nonce()).location != "/cart"


@pytest.mark.usefixtures("_promotion")
@pytest.mark.parametrize("is_cart", [True, False])
def test_leads_back_to_the_page_of_the_gift_where_it_ended_before_the_click(
    app: Flask, buyer: Buyer, is_cart: bool
) -> None:
    which = {} if is_cart else {"price_id": find_price(app, "twinspot", "Personal")}
    if is_cart:
        buyer.add("twinspot", "Personal")
    path = "/checkout" if is_cart else "/checkout/now"
    page = buyer.get("/checkout/gift", query_string=which).text
    assert "Check out $15.20" in words(page)
    stop(app)
    refused = buyer.post(path, **hidden_in(page) | FIELDS)
    assert refused.status_code == 400
    said = words(refused.text)
    assert "The promotion has ended, so nothing was charged." in said
    assert "Check out $19.00" in said
    assert f'value="{ROSA}"' in refused.text
    assert buyer.post(path, **hidden_in(refused.text) | FIELDS).status_code == 303
    assert read_rows(app, "SELECT gift_id FROM checkouts") == [{"gift_id": 1}]


@pytest.mark.usefixtures("_promotion")
def test_leads_back_to_the_page_of_the_gift_where_stripe_refused_it(
    app: Flask, sandbox: SandboxClient, buyer: Buyer
) -> None:
    page = buyer.get("/checkout/gift", query_string={"price_id": find_price(app, "twinspot", "Personal")}).text
    sandbox.stripe.v1.coupons.delete(read_rows(app, "SELECT coupon_id FROM discount_mirrors")[0]["coupon_id"])
    refused = buyer.post("/checkout/now", **hidden_in(page) | FIELDS)
    assert refused.status_code == 400
    assert "This is the price without it." in words(refused.text)
    assert "Check out $19.00" in words(refused.text)
    assert f'value="{ROSA}"' in refused.text


@pytest.mark.usefixtures("_promotion")
def test_is_asked_about_again_at_the_second_try(app: Flask, sandbox: SandboxClient, buyer: Buyer) -> None:
    page = buyer.get("/products/twinspot").text
    shown = hidden_in(page) | {"price_id": str(find_price(app, "twinspot", "Personal"))}
    sandbox.control("faults", method="POST", path="/v1/checkout/sessions", times=4, drop_after_execution=True)
    trouble = buyer.post("/checkout/now", **shown)
    assert trouble.status_code == 503
    sandbox.control("faults/clear")
    stop(app)
    answer = buyer.post("/checkout/now", **hidden_in(trouble.text))
    assert answer.location.startswith("/products/twinspot")
    assert "The promotion has ended" in words(buyer.get(answer.location).text)


def hidden_in(page: str) -> dict[str, str]:
    """Return what the form of a page sends beside what is typed."""
    hidden = r'name="(nonce|price_id|is_gift|promotion)" value="([^"]*)"'
    return dict(re.findall(hidden, page[page.find("<main") :]))
