"""The checkout in a frame on another site: who may show it, whose it is without a cookie, and what it shows."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask

from storefront.core import clock
from storefront.core.db import db, transaction
from storefront.payments.checkout import return_page
from storefront.shop.catalog.models import ProductAlias, ProductState
from storefront.shop.discounts.change import stop_discount
from tests.payments.buy.frames import SITE, Frame, allow, form_of, session_on
from tests.payments.checkout.buttons import count_sessions
from tests.support.discounts import discount
from tests.support.goods import change_product, set_price
from tests.support.rows import read_rows
from tests.support.sale import Sale, link_of
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer, keys_on, make_event, post_event

SESSIONS = "/v1/checkout/sessions"
PAGES = ("/", "/products/twinspot", "/cart", "/buy/twinspot", "/library", "/admin", "/checkout/return")


@pytest.fixture
def framed(app: Flask) -> Frame:
    allow(app)
    return Frame(app)


def ancestors(policy: str) -> str:
    return next(part.split(None, 1)[1] for part in policy.split("; ") if part.startswith("frame-ancestors"))


@pytest.mark.happy_path
def test_sells_in_a_frame_without_any_cookie(framed: Frame, sandbox: SandboxClient) -> None:
    start = framed.look("/buy/twinspot?edition=team&quantity=2")
    assert "$158.00" in start.text
    assert sandbox.calls(SESSIONS) == []
    form = framed.send(start)
    session_id = session_on(form)
    seen = sandbox.stripe.v1.checkout.sessions.retrieve(session_id)
    assert (seen.redirect_on_completion, "return_url" in seen, seen.amount_total) == ("never", False, 15800)
    sandbox.pay(session_id)
    for _ in range(2):
        landed = framed.send(form)
        assert landed.status_code == 200
        assert len(keys_on(landed.text)) == 2
        assert 'data-order="' in landed.text
    for answer in (start, form, landed):
        assert "Set-Cookie" not in answer.headers
        assert ancestors(answer.headers["Content-Security-Policy"]) == SITE
        assert "X-Frame-Options" not in answer.headers
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "same-origin"
    again = framed.send(start)
    assert keys_on(again.text) == keys_on(landed.text), "the frame that is loaded again shows what it bought"
    assert count_sessions(sandbox) == 1


def test_sells_in_the_language_of_its_link(framed: Frame, sandbox: SandboxClient) -> None:
    start = framed.look("/de/buy/twinspot?edition=personal")
    assert 'data-link="/de/buy/twinspot?edition=personal"' in start.text
    assert form_of(start.text)[0].startswith("/de/buy/twinspot/frame?")
    form = framed.send(start)
    sandbox.pay(session_on(form))
    landed = framed.send(form)
    assert len(keys_on(landed.text)) == 1
    assert "Vielen Dank" in landed.text
    assert '"Copied":"Kopiert"' in landed.text, "what the script of its copy buttons says"


@pytest.mark.usefixtures("framed")
def test_lets_nobody_else_show_any_page(app: Flask, buyer: Buyer) -> None:
    for path in PAGES:
        answer = buyer.get(path)
        assert ancestors(answer.headers["Content-Security-Policy"]) == "'none'", path
        assert answer.headers["X-Frame-Options"] == "DENY"
    for site in ("https://evil.example", "http://blog.example", "https://blog.example.evil.example", "null", ""):
        answer = Frame(app, site=site).look("/buy/twinspot")
        assert answer.status_code == 403
        assert ancestors(answer.headers["Content-Security-Policy"]) == "'none'"
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert 'href="/buy/twinspot"' in answer.text, "a way on where it is opened by itself"


@pytest.mark.parametrize("fetch_site", ["cross-site", "same-site", "none"])
def test_takes_its_forms_from_its_own_documents_alone(
    framed: Frame, sandbox: SandboxClient, fetch_site: str
) -> None:
    """A site that sends a form of its own, with a key of its own, gets no checkout into a frame of its visitor."""
    refused = framed.send(framed.look("/buy/twinspot"), fetch_site=fetch_site)
    assert (refused.status_code, sandbox.calls(SESSIONS)) == (400, [])


def test_opens_for_its_key_alone(app: Flask, framed: Frame, buyer: Buyer, sandbox: SandboxClient) -> None:
    form = framed.send(framed.look("/buy/twinspot"))
    session_id = session_on(form)
    sandbox.pay(session_id)
    _, fields = form_of(form.text)
    for key in ("", "short", "A" * 22, fields["nonce"][:-1], fields["token"]):
        answer = framed.send(form, nonce=key)
        assert (answer.status_code, keys_on(answer.text)) == (404, [])
    assert buyer.get(f"/checkout/{fields['token']}").status_code == 404
    assert form_of(framed.look("/buy/twinspot").text)[1]["nonce"] != fields["nonce"]
    assert fields["nonce"] not in read_rows(app, "SELECT browser_hash, nonce FROM checkouts")[0].values()
    assert keys_on(framed.send(form).text)


def test_makes_one_session_of_a_form_that_is_sent_twice(framed: Frame, sandbox: SandboxClient) -> None:
    start = framed.look("/buy/twinspot")
    assert session_on(framed.send(start)) == session_on(framed.send(start))
    assert count_sessions(sandbox) == 1


def test_shows_what_was_paid_at_another_price_to_who_sends_the_first_form_again(
    app: Flask, framed: Frame, sandbox: SandboxClient
) -> None:
    start = framed.look("/buy/twinspot?edition=team")
    sandbox.stripe.v1.checkout.sessions.expire(session_on(framed.send(start)))
    set_price(app, "twinspot", "team", "usd", 9000)
    form = framed.send(start)
    sandbox.pay(session_on(form))
    keys = keys_on(framed.send(form).text)
    assert len(keys) == 1
    for _time in range(2):
        again = framed.send(start)
        assert (again.status_code, keys_on(again.text)) == (200, keys)


@pytest.mark.parametrize("is_told", [True, False])
def test_shows_what_was_paid_of_two_forms_with_one_key(
    app: Flask, framed: Frame, sandbox: SandboxClient, is_told: bool
) -> None:
    """The first is open still; the second is paid, whether or not the shop was told."""
    first, second = (framed.look(f"/buy/twinspot?edition={edition}") for edition in ("personal", "team"))
    key = form_of(first.text)[1]["nonce"]
    framed.send(first)
    paid = session_on(framed.send(second, nonce=key))
    sandbox.pay(paid)
    if is_told:
        post_event(app, make_event("checkout.session.completed", paid))
    for _time in range(2):
        again = framed.send(second, nonce=key)
        assert (again.status_code, len(keys_on(again.text))) == (200, 1)
    assert count_sessions(sandbox) == 2


def test_makes_one_session_of_a_form_that_is_sent_twice_at_once(framed: Frame, sandbox: SandboxClient) -> None:
    start = framed.look("/buy/twinspot")
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda _: session_on(framed.send(start)), range(2))
    assert first == second
    assert count_sessions(sandbox) == 1


def test_shows_nothing_of_who_is_signed_in_or_has_a_cart(app: Flask, framed: Frame, buyer: Buyer) -> None:
    buyer.add("soft-taps")
    discount(app)
    buyer.get("/?code=spring")
    page = buyer.get(f"/buy/twinspot/frame?origin={SITE}")
    assert "$19.00" in page.text
    assert "SPRING" not in page.text
    assert "csrf_token" not in page.text


def test_takes_the_code_of_its_link(app: Flask, framed: Frame, sandbox: SandboxClient) -> None:
    discount(app)
    start = framed.look("/buy/twinspot?code=spring")
    assert "$15.20" in start.text
    session_id = session_on(framed.send(start))
    assert sandbox.stripe.v1.checkout.sessions.retrieve(session_id).amount_total == 1520


def test_says_that_stripe_refuses_the_code_before_anything_is_paid(
    app: Flask, framed: Frame, sandbox: SandboxClient
) -> None:
    discount(app)
    start = framed.look("/buy/twinspot?code=spring")
    sandbox.stripe.v1.promotion_codes.update(
        sandbox.stripe.v1.promotion_codes.list({"code": "SPRING"}).data[0].id, {"active": False}
    )
    told = framed.send(start)
    assert "SPRING can&#39;t be used" in told.text
    assert "data-goes-on" not in told.text
    session_id = session_on(framed.send(told))
    assert sandbox.stripe.v1.checkout.sessions.retrieve(session_id).amount_total == 1900


def test_leads_a_first_purchase_to_a_tab_of_its_own(app: Flask, framed: Frame) -> None:
    discount(app, first_purchase="yes")
    page = framed.look("/buy/twinspot?code=spring")
    assert "for a first purchase. Open the checkout in a tab" in page.text
    assert "$19.00" in page.text
    assert "data-goes-on" not in page.text
    assert 'href="/buy/twinspot?code=spring" rel="noopener"' in page.text


def test_leads_the_window_to_stripes_own_page(app: Flask, framed: Frame) -> None:
    change_product(app, "twinspot", checkout_ui="hosted")
    page = framed.look("/buy/twinspot?quantity=2")
    assert re.search(r'href="/buy/twinspot\?quantity=2" target="_top" data-leaves', page.text)
    assert "<form" not in page.text


def test_uses_stripes_form_where_the_shop_has_its_own(app: Flask, framed: Frame, sandbox: SandboxClient) -> None:
    """It alone can leave out the ways to pay that would lead the frame away."""
    change_product(app, "twinspot", checkout_ui="elements")
    session_id = session_on(framed.send(framed.look("/buy/twinspot")))
    assert sandbox.stripe.v1.checkout.sessions.retrieve(session_id).ui_mode == "embedded_page"


@pytest.mark.parametrize(
    ("link", "said"),
    [("/buy/twinspot?edition=gold", "no edition of that name"), ("/buy/twinspot?quantity=0", "from 1 up")],
)
def test_says_in_the_frame_what_is_not_sold(framed: Frame, link: str, said: str) -> None:
    page = framed.look(link)
    assert (page.status_code, said in page.text) == (404, True)
    assert ancestors(page.headers["Content-Security-Policy"]) == SITE


def test_says_that_it_is_gone_by_now(app: Flask, framed: Frame, sandbox: SandboxClient) -> None:
    start = framed.look("/buy/twinspot")
    change_product(app, "twinspot", state=ProductState.ANNOUNCED)
    answer = framed.send(start)
    assert answer.status_code == 303
    assert answer.location.startswith("/buy/twinspot/frame?")
    assert sandbox.calls(SESSIONS) == []


def test_moves_on_from_an_old_address(app: Flask, framed: Frame) -> None:
    twinspot = read_rows(app, "SELECT id FROM products WHERE slug = 'twinspot'")[0]["id"]
    with app.app_context(), transaction() as session:
        session.add(ProductAlias(slug="onespot", product_id=twinspot))
    for language in ("", "/de"):
        answer = framed.look(f"{language}/buy/onespot?edition=team")
        new = f"{language}/buy/twinspot/frame?edition=team&origin={SITE}"
        assert (answer.status_code, answer.location) == (301, new)


def test_keeps_the_key_when_stripe_does_not_answer(framed: Frame, sandbox: SandboxClient) -> None:
    sandbox.control("faults", method="POST", path=SESSIONS, times=2, drop_after_execution=True)
    trouble = framed.send(framed.look("/buy/twinspot"))
    assert (trouble.status_code, "Try again" in trouble.text) == (503, True)
    assert session_on(framed.send(trouble))
    assert count_sessions(sandbox) == 1


def test_mails_what_is_free(framed: Frame, sandbox: SandboxClient) -> None:
    form = framed.send(framed.look("/buy/gridling"))
    sandbox.pay(session_on(form))
    landed = framed.send(form)
    assert "Check your email" in landed.text
    assert "gridling-1.0" not in landed.text


@pytest.mark.parametrize(("outcome", "said"), [("succeeded", "Your order is complete"), ("failed", "go through")])
def test_waits_for_the_bank(framed: Frame, sandbox: SandboxClient, outcome: str, said: str) -> None:
    form = framed.send(framed.look("/buy/twinspot"))
    assert "The payment isn&#39;t complete" in framed.send(form).text.replace("'", "&#39;")
    session_id = session_on(form)
    sandbox.pay(session_id, payment_method="ach_success")
    waiting = framed.send(form)
    assert "Payment pending" in waiting.text
    assert keys_on(waiting.text) == []
    payment = sandbox.stripe.v1.checkout.sessions.retrieve(session_id).payment_intent
    sandbox.settle(str(payment), outcome)
    event = {"succeeded": "async_payment_succeeded", "failed": "async_payment_failed"}[outcome]
    post_event(framed.app, make_event(f"checkout.session.{event}", session_id))
    assert said in framed.send(waiting).text


def test_says_that_nobody_should_pay_again_to_who_looked_too_often(
    framed: Frame, sandbox: SandboxClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = framed.send(framed.look("/buy/twinspot"))
    sandbox.pay(session_on(form))
    monkeypatch.setattr(return_page, "STARTED_LIMIT", "1/minute")
    sandbox.control("faults", method="GET", path=f"{SESSIONS}/{session_on(form)}", status=500, times=9)
    for _ in range(3):
        assert "being checked" in framed.send(form).text


def test_says_that_nobody_should_pay_again_while_stripe_is_away(framed: Frame, sandbox: SandboxClient) -> None:
    form = framed.send(framed.look("/buy/twinspot"))
    sandbox.pay(session_on(form))
    sandbox.control("faults", method="GET", path=f"{SESSIONS}/{session_on(form)}", status=500, times=9)
    assert "being checked" in framed.send(form).text
    sandbox.control("faults/clear")
    assert keys_on(framed.send(form).text)


def test_closes_with_its_order(app: Flask, framed: Frame, sandbox: SandboxClient) -> None:
    form = framed.send(framed.look("/buy/twinspot"))
    sandbox.pay(session_on(form))
    assert keys_on(framed.send(form).text)
    sale = Sale(
        app=app,
        sandbox=sandbox,
        buyer=Buyer(app),
        session_id=session_on(form),
        keys=[],
        link=link_of(app, session_on(form)),
        downloads=[],
    )
    sale.refund()
    sale.deliver("charge.")
    closed = framed.send(form)
    assert ("refunded" in closed.text, keys_on(closed.text)) == (True, [])


def test_gives_other_sites_one_small_script(buyer: Buyer) -> None:
    script = buyer.get("/buy.js")
    assert script.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert script.headers["Cache-Control"] == "public, max-age=300"
    assert len(script.data) < 8 * 1024
    unchanged = buyer.get("/buy.js", headers={"If-None-Match": script.headers["ETag"]})
    assert unchanged.status_code == 304


def test_takes_the_promotion_of_the_day_and_says_when_it_has_ended(
    app: Flask, framed: Frame, sandbox: SandboxClient
) -> None:
    ends = clock.now() + timedelta(days=3)
    discount(app, "WEEK", automatic="yes", ends=f"{ends:%Y-%m-%d %H:%M}")
    start = framed.look("/buy/twinspot")
    assert "$15.20" in start.text
    assert "data-goes-on" in start.text
    session_id = session_on(framed.send(start))
    assert sandbox.stripe.v1.checkout.sessions.retrieve(session_id).amount_total == 1520
    late = framed.look("/buy/twinspot")
    with app.app_context():
        stop_discount("WEEK")
        db.session.remove()
    told = framed.send(late)
    assert "The promotion has ended" in told.text
    assert sandbox.stripe.v1.checkout.sessions.retrieve(session_on(framed.send(told))).amount_total == 1900
