"""Where a buyer came from, from the first page to the order, whatever is clicked twice, and never the shop."""

import re
from typing import Any

import pytest
import requests
from click.testing import CliRunner
from flask import Flask

from storefront.core import tokens
from storefront.shop.profile.referrers import ignore_referrers
from tests.cli.commands import done, refused
from tests.payments.buy.frames import Frame, allow, session_on
from tests.payments.checkout.buttons import in_cart, press, send
from tests.support.databases import BOTH
from tests.support.people import make_person, sign_in_at_admin
from tests.support.rows import read_rows
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer, find_price


def add(buyer: Buyer, *, page: str = "/products/twinspot", **form: Any) -> None:
    """As the form of an open page is sent: no cookie, and the address of that page."""
    price_id = find_price(buyer.app, "twinspot", "Personal")
    headers = {"Referer": buyer.base_url + page}
    fields = {"price_id": price_id, "nonce": tokens.new_token()} | form
    answer = buyer.client.post("/cart/add", data=fields, base_url=buyer.base_url, headers=headers)
    assert answer.status_code == 303


def begun(app: Flask) -> list[str | None]:
    return [row["referrer"] for row in read_rows(app, "SELECT referrer FROM checkouts ORDER BY id")]


def pay(buyer: Buyer, sandbox: SandboxClient, session_id: str) -> str | None:
    """Pay, look at the page, and return what the order says."""
    sandbox.pay(session_id)
    assert buyer.land(session_id).status_code == 200
    asked = "SELECT referrer FROM orders WHERE checkout_session_id = :session"
    (row,) = read_rows(buyer.app, asked, session=session_id)
    return None if row["referrer"] is None else str(row["referrer"])


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_names_the_site_in_the_order_and_in_the_figures(
    app: Flask, sandbox: SandboxClient, command: CliRunner
) -> None:
    buyer = Buyer(app)
    page = buyer.get("/products/twinspot", headers={"Referer": "https://blog.example/post"})
    assert "Set-Cookie" not in page.headers
    assert "blog.example" not in page.text  # a cache gives it to everybody
    assert "referrer.js" in page.text
    add(buyer, ref="blog.example")
    add(buyer, ref="news.example")  # later: the cart began with the first
    assert pay(buyer, sandbox, buyer.check_out()) == "blog.example"
    add(buyer)
    assert pay(buyer, sandbox, buyer.check_out()) is None  # another visit: the first cart was paid
    number = read_rows(app, "SELECT number FROM orders ORDER BY id")[0]["number"]
    assert "Came from blog.example" in done(command, "orders", "show", number)
    assert "Referrers   blog.example: 1, $38.00" in done(command, "figures")
    assert "Referrers   No referrer: 1, $19.00" in done(command, "figures")
    owner = sign_in_at_admin(app, make_person(app))
    assert "Came from: <bdi>blog.example</bdi>" in owner.get(f"/admin/orders/{number}").text
    home = owner.get("/admin?span=today").text
    assert '<th scope="row" dir="auto">blog.example</th><td>1</td>' in home
    assert done(command, "orders", "csv").splitlines()[1].endswith(",blog.example")


def test_keeps_one_name_where_buy_now_is_clicked_twice_before_the_first_cookie(
    app: Flask, sandbox: SandboxClient
) -> None:
    nonce = tokens.new_token()
    fields = {"price_id": find_price(app, "twinspot", "Personal"), "nonce": nonce}
    first, second = Buyer(app), Buyer(app)
    assert send(first, "/checkout/now", **fields, ref="blog.example").status_code == 303
    assert send(second, "/checkout/now", **fields, ref="news.example").status_code == 303
    assert begun(app) == ["blog.example"]


@pytest.mark.parametrize(
    ("sent", "page", "name"),
    [
        ("www.Blog.example", "/products/twinspot", "blog.example"),
        ("", "/products/twinspot?ref=letter", "letter"),
        ("blog.example", "/products/twinspot?ref=letter", "blog.example"),
        ("", "/products/twinspot?utm_source=letter&x=" + "a" * 10_000, "letter"),
        ("a" * 10_000, "/products/twinspot", None),
        ("localhost", "/products/twinspot", None),
        ("checkout.stripe.com", "/products/twinspot", None),
        ("android-app://com.example.mail/", "/products/twinspot", None),
        ("203.0.113.9", "/products/twinspot", None),
        ("ada@example.com", "/products/twinspot", None),
    ],
)
def test_takes_a_name_and_nothing_that_is_none(
    app: Flask, sandbox: SandboxClient, sent: str, page: str, name: str | None
) -> None:
    buyer = Buyer(app)
    add(buyer, page=page, **({"ref": sent} if sent else {}))
    buyer.check_out()
    assert begun(app) == [name]


def test_forgets_the_name_with_the_cart(app: Flask, sandbox: SandboxClient) -> None:
    buyer = Buyer(app)
    add(buyer, ref="blog.example")
    buyer.post("/cart/remove", price_id=find_price(app, "twinspot", "Personal"))
    assert in_cart(buyer) == []
    add(buyer, ref="news.example")
    buyer.check_out()
    assert begun(app) == ["news.example"]


def test_hands_the_name_on_through_the_page_of_a_gift_and_a_second_try(app: Flask, sandbox: SandboxClient) -> None:
    buyer = Buyer(app)
    price_id = find_price(app, "twinspot", "Personal")
    page = buyer.get(f"/checkout/gift?price_id={price_id}&ref=blog.example").text
    assert '<input type="hidden" name="ref" value="blog.example">' in page
    again = press(buyer, ref="blog.example", is_gift="1", gift_email="nobody")
    assert again.status_code == 400
    assert '<input type="hidden" name="ref" value="blog.example">' in again.text
    sandbox.control("faults", method="POST", path="/v1/checkout/sessions", times=9, status=503)
    trouble = press(buyer, ref="blog.example")
    assert '<input type="hidden" name="ref" value="blog.example">' in trouble.text


@pytest.mark.parametrize(
    ("query", "before", "name"),
    [
        ("", "https://blog.example/post", "blog.example"),
        ("?ref=letter", "https://blog.example/post", "letter"),
        ("?utm_source=Letter", "", "letter"),
        ("?ref=ada@example.com", "https://blog.example/" + "a" * 10_000, "blog.example"),
        ("", "http://localhost/products/twinspot", None),
        ("", "android-app://com.example.mail/", None),
        ("", "https://checkout.stripe.com/c/pay", None),
    ],
)
def test_reads_at_a_link_to_buy_where_it_was_followed(
    app: Flask, query: str, before: str, name: str | None
) -> None:
    page = Buyer(app).get(f"/buy/twinspot{query}", headers={"Referer": before} if before else {}).text
    field = re.search(r'name="ref" value="([^"]*)"', page)
    assert (field[1] if field else None) == name


def test_names_the_site_that_shows_the_frame(app: Flask, sandbox: SandboxClient) -> None:
    allow(app)
    frame = Frame(app)
    for link in ("/buy/twinspot", "/buy/twinspot?ref=letter"):
        session_on(frame.send(frame.look(link)))
    assert begun(app) == ["blog.example", "letter"]


def test_reads_what_a_payment_link_says(app: Flask, sandbox: SandboxClient, command: CliRunner) -> None:
    url = done(command, "payment-link", "create", "twinspot/Personal", "--ref", "Spring-Letter").strip()
    assert done(command, "payment-link", "create", "twinspot/Personal").strip() != url
    link = next(link for link in sandbox.stripe.v1.payment_links.list().data if link.url == url)
    assert link.metadata.to_dict()["referrer"] == "spring-letter"
    assert "up to 100 letters" in refused(command, "payment-link", "create", "twinspot/Personal", "--ref", "a b")
    visit = requests.get(url, allow_redirects=False, timeout=60)
    assert pay(Buyer(app), sandbox, visit.headers["Location"].rpartition("/")[2]) == "spring-letter"


def test_keeps_nothing_where_the_owner_wants_none(app: Flask, sandbox: SandboxClient) -> None:
    buyer = Buyer(app)
    add(buyer, ref="blog.example")
    with app.app_context():
        assert ignore_referrers(is_on=True)
    assert "referrer.js" not in Buyer(app).get("/products/twinspot").text
    assert 'name="ref"' not in Buyer(app).get("/buy/twinspot?ref=letter").text
    buyer.check_out()
    allow(app)
    frame = Frame(app)
    session_on(frame.send(frame.look("/buy/twinspot?ref=letter")))
    assert begun(app) == [None, None]


def test_is_switched_on_the_page_of_the_shop(app: Flask) -> None:
    owner = sign_in_at_admin(app, make_person(app))
    shown = owner.get("/admin/shop").text.split('name="shown-ignores_referrers" value="')[1].split('"')[0]
    form = {"ignores_referrers": "yes", "shown-ignores_referrers": shown}
    assert owner.post("/admin/referrers", **form).status_code == 303
    assert "checked" in owner.get("/admin/shop").text.split('name="ignores_referrers"')[1].split(">")[0]
    assert owner.post("/admin/referrers", **form).status_code == 303  # a second click
    assert "Nothing was changed." in owner.get("/admin/shop").text
    assert len(read_rows(app, "SELECT id FROM audit_entries WHERE verb = 'shop.changed'")) == 1
