"""Pages that a cache may keep, and what it never may."""

import gzip
import re

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from storefront.core.db import db
from storefront.shop.catalog.models import ProductState
from storefront.shop.pages.edit import create_page, publish_page
from storefront.web.open_pages import KEEP_PAGE
from tests.support.goods import change_product
from tests.support.make_shop import LIVE, MakeShop
from tests.support.shop import Buyer, find_price
from tests.support.statements import counted

OPEN_PAGES = ("/", "/products/twinspot", "/products/twinspot/changelog", "/pages/imprint")
OPEN_FILES = (
    "/robots.txt",
    "/sitemap.xml",
    "/feed.xml",
    "/products/twinspot/changelog.xml",
    "/manifest.webmanifest",
    "/media/cover/twinspot.svg",
)
PRIVATE = (
    "/cart",
    "/checkout/x",
    "/orders/x",
    "/library",
    "/sign-in",
    "/account",
    "/account/address",
    "/admin",
    "/admin/sign-in",
    "/downloads/x/1/a.zip",
    "/news/x",
    "/confirm/x",
    "/healthz",
    "/readyz",
    "/nothing",
    "/products/nothing",
)
ADD, NOW = "/cart/add", "/checkout/now"


@pytest.fixture(autouse=True)
def _imprint(app: Flask) -> None:
    with app.app_context():
        publish_page(create_page("Imprint", body_markdown="Ada, Berlin", legal_kind="imprint"))
        db.session.remove()


@pytest.mark.parametrize("path", OPEN_PAGES)
def test_lets_a_cache_keep_the_pages_of_everybody(buyer: Buyer, path: str) -> None:
    first = buyer.get(path)
    assert (first.status_code, first.headers["Cache-Control"]) == (200, KEEP_PAGE)
    assert "Cookie" in first.headers["Vary"]
    assert "Set-Cookie" not in first.headers
    for secret in ("csrf_token", "nonce-"):
        assert secret not in first.text + first.headers["Content-Security-Policy"]
    again = buyer.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.text, again.headers["Cache-Control"]) == (304, "", KEEP_PAGE)
    buyer.add()
    assert "ETag" not in buyer.get(path, headers={"If-None-Match": first.headers["ETag"]}).headers
    other = buyer.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (other.status_code, other.headers["Cache-Control"]) == (200, "no-store")


@pytest.mark.parametrize("path", OPEN_FILES)
def test_lets_a_cache_keep_files_whatever_cookie_comes(buyer: Buyer, path: str) -> None:
    buyer.add()
    answer = buyer.get(path)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "public, max-age=300")
    assert "Set-Cookie" not in answer.headers
    again = buyer.get(path, headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


@pytest.mark.parametrize("path", PRIVATE)
def test_keeps_nothing_private_and_lets_nobody_find_it(buyer: Buyer, path: str) -> None:
    answer = buyer.get(path)
    assert "no-store" in answer.headers["Cache-Control"]
    assert "public" not in answer.headers["Cache-Control"]
    assert answer.headers["X-Robots-Tag"] == "noindex"
    assert answer.headers["Referrer-Policy"] == "same-origin"


def test_keeps_no_page_with_a_notice_or_of_a_chosen_currency(buyer: Buyer) -> None:
    assert buyer.get("/?currency=eur").headers["Cache-Control"] == "no-store"
    stranger = Buyer(buyer.app)
    answer = send(stranger, NOW, price_id="999", origin="http://localhost")
    assert stranger.get(answer.location).headers["Cache-Control"] == "no-store"


def test_costs_no_more_to_say_that_nothing_is_new(buyer: Buyer, app: Flask) -> None:
    for path in OPEN_PAGES:
        tag = buyer.get(path).headers["ETag"]
        with counted(app) as whole:
            buyer.get(path)
        with counted(app) as nothing_new:
            assert buyer.get(path, headers={"If-None-Match": tag}).status_code == 304
        assert len(nothing_new) <= len(whole) <= 6


class Cache:
    """A proxy's cache after RFC 9111: it knows `s-maxage` and `Vary: Cookie`, and asks again when it is over."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], TestResponse] = {}
        self.hits = 0

    def get(self, browser: Buyer, path: str) -> TestResponse:
        cookie = browser.client.get_cookie("storefront_session")
        key = (path, cookie.value if cookie else "")
        if key in self.kept:
            self.hits += 1
            return self.kept[key]
        answer = browser.get(path)
        control = answer.headers["Cache-Control"]
        if "s-maxage" in control and "no-store" not in control:
            assert "Cookie" in answer.headers["Vary"]
            assert "Set-Cookie" not in answer.headers
            self.kept[key] = answer
        return answer

    def age(self) -> None:
        self.kept.clear()


def test_serves_two_visitors_from_one_cache_and_each_their_own_cart(app: Flask) -> None:
    cache, ada, bob = Cache(), Buyer(app), Buyer(app)
    assert cache.get(ada, "/").text == cache.get(bob, "/").text
    assert cache.hits == 1
    page = cache.get(ada, "/products/twinspot")
    price_id = find_price(app, "twinspot", "Personal")
    assert f'value="{price_id}"' in page.text
    assert send(ada, ADD, price_id=price_id, origin="http://localhost").status_code == 303
    assert "1<span" in cache.get(ada, "/").text
    assert "badge" not in cache.get(bob, "/").text
    assert "badge" not in cache.get(Buyer(app), "/products/twinspot").text
    change_product(app, "twinspot", state=ProductState.RETIRED)
    cache.age()
    assert cache.get(bob, "/products/twinspot").status_code == 404


def send(
    browser: Buyer,
    path: str,
    *,
    price_id: object,
    origin: str = "",
    site: str = "",
    referer: str = "",
    **more: str,
) -> TestResponse:
    headers = {"Origin": origin, "Sec-Fetch-Site": site, "Referer": referer}
    return browser.client.post(
        path,
        data={"price_id": price_id, **more},
        base_url=browser.base_url,
        headers={name: value for name, value in headers.items() if value},
    )


@pytest.mark.parametrize("path", [ADD, NOW])
@pytest.mark.parametrize(
    "said",
    [
        {},
        {"origin": "null"},
        {"origin": "https://evil.example"},
        {"origin": "http://localhost.evil.example"},
        {"site": "cross-site"},
        {"site": "same-site", "origin": "http://localhost"},
        {"site": "none"},
        {"referer": "http://["},
        {"referer": "http://localhost.evil.example/"},
        {"origin": "http://localhost", "csrf_token": "made-up"},
        {"origin": "http://localhost", "csrf_token": ""},
    ],
)
def test_takes_no_form_of_another_site(app: Flask, path: str, said: dict[str, str]) -> None:
    """Neither of a first browser nor of one with a cart: its cookie does not come along from other sites."""
    stranger = Buyer(app)
    answer = send(stranger, path, price_id=find_price(app, "gridling"), **said)
    assert answer.status_code == 400
    assert "Set-Cookie" not in answer.headers
    assert "Your cart is empty" in stranger.get("/cart").text


def test_lets_no_other_site_use_up_what_a_visitor_may_start(app: Flask) -> None:
    visitor = Buyer(app)
    foreign = {send(visitor, NOW, price_id=0, site="cross-site").status_code for _ in range(12)}
    own = [send(visitor, NOW, price_id=0, site="same-origin").status_code for _ in range(11)]
    assert foreign == {400}
    assert own == [303] * 10 + [429]


@pytest.mark.parametrize("said", [{"origin": "http://localhost"}, {"site": "same-origin"}])
def test_takes_the_form_of_a_kept_page_before_and_after_the_first_cookie(app: Flask, said: dict[str, str]) -> None:
    """The second tab, and the second click."""
    browser = Buyer(app)
    for slug in ("twinspot", "soft-taps", "twinspot"):
        assert send(browser, ADD, price_id=find_price(app, slug), **said).status_code == 303
    cart = browser.get("/cart").text
    assert 'value="2"' in cart
    assert "Soft Taps" in cart


def test_demands_a_token_for_everything_else(buyer: Buyer) -> None:
    for path in ("/cart/update", "/cart/remove", "/checkout", "/sign-in", "/sign-out"):
        assert send(buyer, path, price_id=1, origin="http://localhost", site="same-origin").status_code == 400


def test_compresses_what_is_for_everybody_and_nothing_else(buyer: Buyer) -> None:
    wants = {"Accept-Encoding": "gzip"}
    plain = buyer.get("/")
    small = buyer.get("/", headers=wants)
    assert small.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(small.data) == plain.data
    assert len(small.data) == int(small.headers["Content-Length"]) < len(plain.data) / 2
    assert small.headers["ETag"] == plain.headers["ETag"]
    assert small.headers["ETag"].startswith("W/")
    for answer in (small, plain):
        assert {"Cookie", "Accept-Encoding"} <= {part.strip() for part in answer.headers["Vary"].split(",")}
    again = buyer.get("/", headers=wants | {"If-None-Match": small.headers["ETag"]})
    assert (again.status_code, "Content-Encoding" in again.headers) == (304, False)
    assert "Content-Encoding" not in buyer.get("/", headers={"Accept-Encoding": "gzip;q=0, br"}).headers
    address = re.search(r"/static/shop\.css\?v=\w+", plain.text)
    assert address
    with buyer.get(address[0], headers=wants) as style:
        assert style.headers["Content-Encoding"] == "gzip"
        assert b"--accent" in gzip.decompress(style.data)
    kept = wants | {"If-None-Match": style.headers["ETag"]}
    with buyer.get(address[0], headers=kept) as renewed:
        assert renewed.status_code == 304
    buyer.add()
    for path in ("/", "/cart", "/products/twinspot", "/sign-in"):
        assert "Content-Encoding" not in buyer.get(path, headers=wants).headers


def test_keeps_a_search_but_lets_nobody_find_it(make_shop: MakeShop) -> None:
    client = make_shop(**LIVE).test_client()
    for path, is_found in (("/", True), ("/?q=soft", False), ("/?tag=tool", False), ("/?sort=name", False)):
        answer = client.get(path, base_url="https://shop.example")
        assert answer.headers["Cache-Control"] == KEEP_PAGE
        assert ("X-Robots-Tag" not in answer.headers) is is_found
