"""`/buy/<slug>`: a page that says what a link buys and leads to its checkout, and all ways to be wrong."""

import re
from datetime import timedelta
from html import unescape

import pytest
from flask import Flask
from sqlalchemy import update

from storefront.core import clock
from storefront.core.db import transaction
from storefront.shop.catalog.models import ProductAlias, ProductState
from storefront.shop.discounts.models import Discount
from tests.payments.buy.frames import SITE, allow
from tests.payments.checkout.buttons import count_sessions, in_cart, lines_of, send
from tests.support.discounts import discount
from tests.support.goods import change_price, change_product, make_edition, set_price
from tests.support.rows import read_rows
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer, find_price, keys_on

SESSIONS = "/v1/checkout/sessions"
ARABIC = "دليل المصمم الهادئ."


def words_on(page: str) -> str:
    """The text of the page's own part, without what stands around it."""
    main = page.split('<main id="main"')[1].split("</main", maxsplit=1)[0]
    return " ".join(unescape(re.sub(r"<[^>]+>|^[^>]*>", " ", main)).split())


def form_of(page: str) -> dict[str, str]:
    form = page.split('action="/checkout/now"')[1].split("</form>", maxsplit=1)[0]
    return dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))


def follow(buyer: Buyer, link: str) -> str:
    """From the link to Stripe's form, as its page goes on; return the Session's id."""
    page = buyer.get(link)
    assert page.status_code == 200, page.text
    answer = send(buyer, "/checkout/now", **form_of(page.text))
    assert answer.status_code == 303, answer.text
    hosted = re.search(r"/(cs_test_\w+)", answer.location)
    return hosted[1] if hosted else buyer.session_on(buyer.get(answer.location))


def test_says_only_what_will_be_bought_until_its_form_is_sent(buyer: Buyer, sandbox: SandboxClient) -> None:
    page = buyer.get("/buy/twinspot?edition=team&quantity=2")
    assert "Twinspot Team \u00d7 2 $158.00" in words_on(page.text)
    assert "data-goes-on" in page.text
    assert page.headers["X-Robots-Tag"] == "noindex"
    assert "Set-Cookie" not in page.headers
    assert sandbox.calls(SESSIONS) == []
    assert read_rows(buyer.app, "SELECT id FROM checkouts") == []


@pytest.mark.parametrize("link", ["/buy/twinspot", f"/buy/twinspot/frame?origin={SITE}"])
def test_lets_a_name_begin_at_its_own_side(app: Flask, buyer: Buyer, link: str) -> None:
    allow(app)
    change_product(app, "twinspot", name=ARABIC)
    page = buyer.get(link).text
    assert f"<h1>Buy <bdi>{ARABIC}</bdi></h1>" in page
    assert f'<span dir="auto"><strong>{ARABIC}</strong>' in page


@pytest.mark.parametrize("way", ["embedded", "hosted", "elements"])
@pytest.mark.happy_path
def test_leads_to_each_kind_of_checkout_and_leaves_the_cart_alone(
    app: Flask, buyer: Buyer, sandbox: SandboxClient, way: str
) -> None:
    change_product(app, "twinspot", checkout_ui=way)
    buyer.add("soft-taps")
    before = in_cart(buyer)
    session_id = follow(buyer, "/buy/twinspot?edition=Team&quantity=3")
    assert lines_of(sandbox, session_id) == [("Twinspot (Team)", 3)]
    assert follow(buyer, "/buy/twinspot?edition=Team&quantity=3") == session_id, "a second click goes back to it"
    sandbox.pay(session_id)
    assert len(keys_on(buyer.land(session_id).text)) == 3
    assert in_cart(buyer) == before


def test_makes_one_session_of_two_clicks_of_a_first_time_browser(app: Flask, sandbox: SandboxClient) -> None:
    first, second = Buyer(app), Buyer(app)
    form = form_of(first.get("/buy/twinspot").text)
    assert send(first, "/checkout/now", **form).location == send(second, "/checkout/now", **form).location
    assert count_sessions(sandbox) == 1


def test_shows_and_takes_the_price_of_its_code(app: Flask, buyer: Buyer, sandbox: SandboxClient) -> None:
    discount(app)
    page = buyer.get("/buy/twinspot?code=spring&quantity=2").text
    assert "SPRING \u2212$7.60 Total $30.40" in words_on(page)
    assert "data-goes-on" in page
    session_id = follow(buyer, "/buy/twinspot?code=spring&quantity=2")
    assert sandbox.stripe.v1.checkout.sessions.retrieve(session_id).amount_total == 3040


def test_asks_for_the_address_of_a_first_purchase_in_the_cart(
    app: Flask, buyer: Buyer, sandbox: SandboxClient
) -> None:
    discount(app, first_purchase="yes")
    page = buyer.get("/buy/twinspot?code=spring&quantity=2").text
    answer = send(buyer, "/checkout/now", **form_of(page))
    assert (answer.location, [amount for _id, amount in in_cart(buyer)]) == ("/cart", ["2"])
    assert sandbox.calls(SESSIONS) == []


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("code=nobody", "We don't know the code NOBODY."),
        ("code=old", "OLD has expired."),
        ("currency=eur", "This has no price in EUR. You pay in USD."),
        ("amount=7", "This has a fixed price"),
    ],
)
@pytest.mark.usefixtures("sandbox")
def test_waits_for_a_click_where_something_is_not_as_the_link_says(
    app: Flask, buyer: Buyer, query: str, said: str
) -> None:
    discount(app, "OLD")
    with app.app_context(), transaction() as session:
        session.execute(update(Discount).values(ends_at=clock.now() - timedelta(days=1)))
    page = buyer.get(f"/buy/twinspot?{query}").text
    assert said in words_on(page)
    assert "$19.00" in words_on(page)
    assert "data-goes-on" not in page
    assert "Continue to checkout" in page


@pytest.mark.parametrize(
    ("amount", "said"),
    [("7.50", "Type $7.50 there"), ("1", "isn't possible"), ("51", "isn't possible"), ("lots", "isn't one")],
)
def test_says_where_an_amount_is_chosen(
    app: Flask, buyer: Buyer, sandbox: SandboxClient, amount: str, said: str
) -> None:
    personal = find_price(app, "twinspot", "Personal")
    change_price(app, personal, amount_minor=1000, least_minor=500, most_minor=5000)
    link = f"/buy/twinspot?edition=personal&amount={amount}"
    assert said in words_on(buyer.get(link).text)
    assert lines_of(sandbox, follow(buyer, link)) == [("Twinspot (Personal)", 1)]
    refused = buyer.get("/buy/twinspot?edition=personal&quantity=2")
    assert (refused.status_code, "bought one at a time" in refused.text) == (404, True)


@pytest.mark.parametrize(
    ("link", "said"),
    [
        ("/buy/twinspot?edition=gold", "Twinspot has no edition of that name."),
        ("/buy/twinspot?quantity=0", "whole number from 1 up"),
        ("/buy/twinspot?quantity=x", "whole number from 1 up"),
        ("/buy/twinspot?quantity=100", "at most 99"),
        ("/buy/gridling?quantity=2", "one is all you need"),
    ],
)
def test_refuses_with_a_way_on(buyer: Buyer, link: str, said: str) -> None:
    page = buyer.get(link)
    assert page.status_code == 404
    slug = link.split("?", maxsplit=1)[0].removeprefix("/buy/")
    assert said in words_on(page.text)
    assert f'href="/buy/{slug}?edition=' in page.text
    assert f'href="/products/{slug}"' in page.text


def test_keeps_edition_and_currency_in_its_ways_on(app: Flask, buyer: Buyer) -> None:
    team = set_price(app, "twinspot", "team", "eur", 7400)
    link = "/buy/twinspot?edition=team&currency=eur"
    assert f'href="/products/twinspot?edition={team}"' in buyer.get(link).text
    refused = buyer.get(f"{link}&quantity=100").text
    assert f'href="{link.replace("&", "&amp;")}"' in refused


@pytest.mark.parametrize(
    ("state", "status", "said"),
    [
        (ProductState.ANNOUNCED, 404, "Twinspot isn't for sale yet."),
        (ProductState.DRAFT, 404, "This product isn't available."),
        (ProductState.RETIRED, 404, "This product isn't available."),
        (ProductState.UNLISTED, 200, "Twinspot Personal $19.00"),
    ],
)
def test_sells_what_is_for_sale(app: Flask, buyer: Buyer, state: ProductState, status: int, said: str) -> None:
    change_product(app, "twinspot", state=state)
    page = buyer.get("/buy/twinspot")
    assert (page.status_code, said in words_on(page.text)) == (status, True)
    assert ("ask for an email" in page.text) == (state is ProductState.ANNOUNCED)


def test_says_that_nothing_has_a_price(app: Flask, buyer: Buyer) -> None:
    for edition in ("Personal", "Team"):
        change_price(app, find_price(app, "twinspot", edition), is_active=False)
    page = buyer.get("/buy/twinspot")
    assert (page.status_code, "isn't for sale right now" in words_on(page.text)) == (404, True)


def test_moves_on_from_an_old_address_with_all_that_it_says(app: Flask, buyer: Buyer) -> None:
    twinspot = read_rows(app, "SELECT id FROM products WHERE slug = 'twinspot'")[0]["id"]
    with app.app_context(), transaction() as session:
        session.add(ProductAlias(slug="onespot", product_id=twinspot))
    answer = buyer.get("/buy/onespot?edition=team&code=A%26B")
    assert (answer.status_code, answer.location) == (301, "/buy/twinspot?edition=team&code=A%26B")
    assert buyer.get("/buy/nothing").status_code == 404


def test_sells_in_the_currency_that_it_names(app: Flask, buyer: Buyer, sandbox: SandboxClient) -> None:
    change_price(app, make_edition(app, "twinspot", "Studio", 2000, "eur"), currency="eur")
    page = buyer.get("/buy/twinspot?edition=studio&currency=EUR").text
    assert "€20.00" in words_on(page)
    session_id = follow(buyer, "/buy/twinspot?edition=studio&currency=EUR")
    assert sandbox.stripe.v1.checkout.sessions.retrieve(session_id).currency == "eur"


@pytest.mark.parametrize("quantity", ["0", "100", "-1", "x"])
def test_takes_no_other_quantity_by_its_form(buyer: Buyer, sandbox: SandboxClient, quantity: str) -> None:
    form = form_of(buyer.get("/buy/twinspot").text) | {"quantity": quantity}
    answer = send(buyer, "/checkout/now", **form)
    assert answer.status_code == 303
    assert answer.location.startswith("/products/twinspot")
    assert sandbox.calls(SESSIONS) == []


def test_sends_the_same_quantity_again_when_stripe_did_not_answer(buyer: Buyer, sandbox: SandboxClient) -> None:
    form = form_of(buyer.get("/buy/twinspot?quantity=4").text)
    sandbox.control("faults", method="POST", path=SESSIONS, times=2, drop_after_execution=True)
    trouble = send(buyer, "/checkout/now", **form)
    assert trouble.status_code == 503
    again = send(buyer, "/checkout/now", **form_of(trouble.text))
    assert lines_of(sandbox, buyer.session_on(buyer.get(again.location))) == [("Twinspot (Personal)", 4)]
    assert count_sessions(sandbox) == 1
