"""Where it is paid: as the shop says or the things in the cart, and an open checkout ends as it began."""

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask

from storefront.core.config.checkout_ui import CheckoutUi
from storefront.core.runtime import runtime
from storefront.payments.checkout.ui import UI_MODES
from tests.cli.commands import done, read_json
from tests.owner.admin.editor_forms import TWINSPOT, said, shown_in
from tests.payments.checkout.buttons import count_sessions, in_cart, press
from tests.support.goods import change_price, change_product
from tests.support.people import make_person, sign_in_at_admin
from tests.support.rows import read_rows
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer, find_price, keys_on, make_event, post_event
from tests.support.statements import counted

WAYS = tuple(CheckoutUi)
every_way = pytest.mark.parametrize("way", WAYS)


def switch(app: Flask, way: CheckoutUi) -> None:
    """As the owner does it: a new value, and the shop starts anew."""
    shop = runtime(app)
    shop.settings = replace(shop.settings, checkout_ui=way)


def sessions(sandbox: SandboxClient) -> list[Any]:
    """Newest first."""
    return list(sandbox.stripe.v1.checkout.sessions.list({"limit": 100}).data)


def start(buyer: Buyer, sandbox: SandboxClient) -> str:
    """From the cart to whatever the checkout is; returns the Session's id."""
    answer = buyer.post("/checkout", nonce=buyer.nonce())
    assert answer.status_code == 303, answer.text
    if answer.location.startswith(sandbox.url):
        return str(re.search(r"cs_test_\w+", answer.location)[0])  # type: ignore[index]
    return buyer.session_on(buyer.get(answer.location))


@every_way
def test_sells_as_the_shop_says(app: Flask, buyer: Buyer, sandbox: SandboxClient, way: CheckoutUi) -> None:
    switch(app, way)
    buyer.add("twinspot", "Personal")
    session_id = start(buyer, sandbox)
    assert [session.ui_mode for session in sessions(sandbox)] == [UI_MODES[way]]
    sandbox.pay(session_id)
    assert len(keys_on(buyer.land(session_id).text)) == 1
    assert in_cart(buyer) == []


def test_leads_to_stripes_page_in_one_step_and_back_to_what_was_chosen(
    app: Flask, buyer: Buyer, sandbox: SandboxClient
) -> None:
    switch(app, CheckoutUi.HOSTED)
    buyer.add("twinspot", "Personal", 2)
    nonce = buyer.nonce()
    clicks = [buyer.post("/checkout", nonce=nonce) for _ in range(2)]
    (session,) = sessions(sandbox)
    assert [click.location for click in clicks] == [session.url, session.url]
    assert session.success_url == "http://localhost/checkout/return?session_id={CHECKOUT_SESSION_ID}"
    assert session.cancel_url == "http://localhost/cart"
    assert [quantity for _price, quantity in in_cart(buyer)] == ["2"]
    assert buyer.post("/checkout", nonce=buyer.nonce()).location == session.url, "back from Stripe, and on again"
    now = press(buyer, "twinspot", "Team")
    newest = sessions(sandbox)[0]
    assert now.location == newest.url
    assert "Team" in buyer.get(newest.cancel_url).text
    assert re.search(r"/products/twinspot\?edition=\d+$", newest.cancel_url)
    assert count_sessions(sandbox) == 2


@pytest.mark.parametrize("begun", WAYS)
@pytest.mark.parametrize("then", WAYS)
def test_ends_an_open_checkout_as_it_began_when_the_shop_is_switched(
    app: Flask, buyer: Buyer, sandbox: SandboxClient, begun: CheckoutUi, then: CheckoutUi
) -> None:
    switch(app, begun)
    buyer.add("twinspot", "Personal")
    session_id = start(buyer, sandbox)
    switch(app, then)
    assert start(buyer, sandbox) == session_id, "the same cart leads back to what is open"
    buyer.add("soft-taps")
    changed = start(buyer, sandbox)
    assert [(session.ui_mode, session.status) for session in sessions(sandbox)] == [
        (UI_MODES[then], "open"),
        (UI_MODES[begun], "expired"),
    ]
    sandbox.pay(changed)
    assert buyer.state(changed) == "fulfilled"


def test_finishes_what_was_open_before_the_switch(app: Flask, buyer: Buyer, sandbox: SandboxClient) -> None:
    buyer.add("twinspot", "Personal")
    session_id = start(buyer, sandbox)
    switch(app, CheckoutUi.ELEMENTS)
    sandbox.pay(session_id)
    assert buyer.state(session_id) == "fulfilled"


@every_way
def test_sends_the_same_again_after_a_lost_answer_whatever_the_shop_says_by_then(
    app: Flask, buyer: Buyer, sandbox: SandboxClient, way: CheckoutUi
) -> None:
    switch(app, way)
    buyer.add("twinspot", "Personal")
    sandbox.control("faults", method="POST", path="/v1/checkout/sessions", times=2, drop_after_execution=True)
    nonce = buyer.nonce()
    assert buyer.post("/checkout", nonce=nonce).status_code == 503
    switch(app, CheckoutUi.HOSTED if way is CheckoutUi.EMBEDDED else CheckoutUi.EMBEDDED)
    assert buyer.post("/checkout", nonce=nonce).status_code == 303
    assert [session.ui_mode for session in sessions(sandbox)] == [UI_MODES[way]]


@pytest.mark.parametrize("way", [CheckoutUi.EMBEDDED, CheckoutUi.ELEMENTS])
def test_falls_back_to_stripes_page_where_the_form_does_not_show(
    app: Flask, buyer: Buyer, sandbox: SandboxClient, way: CheckoutUi
) -> None:
    switch(app, way)
    buyer.add("twinspot", "Personal")
    address = buyer.post("/checkout", nonce=buyer.nonce()).location
    action = re.search(r'action="(/checkout/[\w-]+/hosted)"', buyer.get(address).text)
    assert action
    answer = buyer.post(action[1])
    hosted, closed = sessions(sandbox)
    assert answer.location == hosted.url
    assert (hosted.ui_mode, closed.status) == ("hosted_page", "expired")
    sandbox.pay(hosted.id)
    assert buyer.state(hosted.id) == "fulfilled"


@pytest.mark.parametrize(
    ("chosen", "used"),
    [
        ((CheckoutUi.ELEMENTS, CheckoutUi.ELEMENTS), CheckoutUi.ELEMENTS),
        ((CheckoutUi.ELEMENTS, None), CheckoutUi.HOSTED),
        ((CheckoutUi.ELEMENTS, CheckoutUi.EMBEDDED), CheckoutUi.HOSTED),
        ((None, CheckoutUi.HOSTED), CheckoutUi.HOSTED),
    ],
)
def test_takes_the_shops_way_unless_all_things_in_the_cart_agree(
    app: Flask,
    buyer: Buyer,
    sandbox: SandboxClient,
    chosen: tuple[CheckoutUi | None, CheckoutUi | None],
    used: CheckoutUi,
) -> None:
    switch(app, CheckoutUi.HOSTED)
    change_product(app, "twinspot", checkout_ui=chosen[0])
    change_product(app, "soft-taps", checkout_ui=chosen[1])
    buyer.add("twinspot", "Personal")
    buyer.add("soft-taps")
    start(buyer, sandbox)
    assert [session.ui_mode for session in sessions(sandbox)] == [UI_MODES[used]]


def test_asks_for_an_amount_in_stripes_form_where_the_shops_own_could_not(
    app: Flask, buyer: Buyer, sandbox: SandboxClient
) -> None:
    switch(app, CheckoutUi.ELEMENTS)
    change_price(app, find_price(app, "twinspot", "Personal"), least_minor=500)
    assert press(buyer).status_code == 303
    assert [session.ui_mode for session in sessions(sandbox)] == ["embedded_page"]


def test_answers_the_webhook_of_a_hundred_lines_for_as_few_questions_as_of_eleven(
    app: Flask, buyer: Buyer, sandbox: SandboxClient
) -> None:
    """Stripe's page waits for this answer before it lets the buyer go on."""
    switch(app, CheckoutUi.HOSTED)
    buyer.add("twinspot", "Personal")
    start(buyer, sandbox)
    (mirror,) = read_rows(app, "SELECT stripe_price_id FROM stripe_mirrors")
    costs = []
    for lines in (11, 100):
        line = {"price": mirror["stripe_price_id"], "quantity": 1}
        session_id = sandbox.create_session([line] * lines)
        sandbox.pay(session_id, email=f"buyer-of-{lines}@example.com")
        sandbox.forget_calls()
        with counted(app, inserts=False) as statements:
            assert post_event(app, make_event("checkout.session.completed", session_id)).status_code == 200
        assert len(statements) <= 22, "\n".join(statements)
        costs.append((len(statements), len(sandbox.calls())))
    assert costs == [(costs[0][0], 2)] * 2
    assert len(read_rows(app, "SELECT id FROM licenses")) == 111


def test_takes_a_products_own_way_from_its_page_and_by_command(
    app: Flask, environment: dict[str, str], sandbox: SandboxClient
) -> None:
    owner = sign_in_at_admin(app, make_person(app))
    digests = shown_in(owner.get(TWINSPOT).text, "settings")
    assert owner.post(f"{TWINSPOT}/settings", checkout_ui="popup", **digests).status_code == 400
    settings = {"grants_license": "yes", "grants_download": "yes"}
    assert "Saved" in said(owner, owner.post(f"{TWINSPOT}/settings", checkout_ui="hosted", **settings, **digests))
    assert press(Buyer(app)).location.startswith(sandbox.url)
    command = CliRunner(env=environment | {"STOREFRONT_ENV_FILE": ""})
    assert read_json(command, "products", "show", "twinspot")["values"]["checkout_ui"] == "hosted"
    done(command, "products", "set", "twinspot", "--checkout-ui", "none")
    assert press(Buyer(app)).location.startswith("/checkout/")
    changes = read_rows(app, "SELECT after FROM audit_entries WHERE verb = 'product.changed' ORDER BY id")
    assert [json.loads(row["after"]) for row in changes] == [{"checkout_ui": "hosted"}, {"checkout_ui": None}]
