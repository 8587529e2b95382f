"""After the shop's price is archived or lost at Stripe, what else is sold of its product there is still known."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask

from storefront.core import clock
from storefront.core.db import db
from storefront.devtools.sandbox.config import SandboxConfig
from storefront.devtools.sandbox.server import SandboxServer
from storefront.shop.catalog import mirrors
from storefront.shop.editor.editions import delete_edition
from storefront.shop.editor.prices import add_priced_edition
from storefront.shop.editor.refusals import ProductRefused
from tests.support.databases import BOTH
from tests.support.discounts import at_once
from tests.support.keys import use_other_account, use_secret_key
from tests.support.payment_links import make_link_by_hand, mirror_of, second_price, visit
from tests.support.rows import change_rows, read_rows
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer, find_price, keys_on, make_event, post_event

both = pytest.mark.parametrize("engine", BOTH, indirect=True)
MIRRORS = "SELECT account, stripe_price_id FROM stripe_mirrors ORDER BY id"
LOST = "SELECT price_id, stripe_price_id FROM lost_mirrors ORDER BY id"
ITEMS = "SELECT description, price_id, activation_limit FROM order_items ORDER BY id"


def pay(app: Flask, sandbox: SandboxClient, url: str) -> tuple[str, list[str]]:
    """Return what the webhook says of a purchase by this link, and the keys on its page."""
    session_id = visit(url)
    sandbox.pay(session_id, email=f"{session_id[-8:]}@example.com")
    answer = post_event(app, make_event("checkout.session.completed", session_id))
    return answer.get_json()["outcome"], keys_on(Buyer(app).land(session_id).text)


def sell_team(app: Flask, sandbox: SandboxClient) -> str:
    """Return the price at Stripe that a new checkout sells."""
    buyer = Buyer(app)
    buyer.add("twinspot", "Team")
    line = sandbox.stripe.v1.checkout.sessions.line_items.list(buyer.check_out()).data[0]
    assert line.price is not None
    return line.price.id


def forget(app: Flask, price_id: int) -> None:
    with app.app_context():
        mirrors.forget_mirrors([price_id])
        db.session.remove()


@both
def test_gives_what_is_sold_at_another_price_of_a_product_it_lost(app: Flask, sandbox: SandboxClient) -> None:
    price_id, known = find_price(app, "twinspot", "Team"), []
    url = make_link_by_hand(sandbox, second_price(sandbox, mirror_of(app, "Team")))
    for minutes in range(3):
        outcome, keys = pay(app, sandbox, url)
        assert (outcome, len(keys)) == ("fulfilled", 1)
        with time_machine.travel(clock.now() + timedelta(minutes=minutes), tick=True):
            known.append(sell_team(app, sandbox))
            assert sell_team(app, sandbox) == known[-1]
        sandbox.stripe.v1.prices.update(known[-1], {"active": False})
    assert len(set(known)) == 3
    assert read_rows(app, LOST) == [{"price_id": price_id, "stripe_price_id": lost} for lost in known[:2]]
    assert len(read_rows(app, MIRRORS)) == 1
    assert (
        read_rows(app, ITEMS)
        == [{"description": "Twinspot (Team)", "price_id": price_id, "activation_limit": 30}] * 3
    )


@both
def test_forgets_once_where_two_checkouts_lose_the_same_price(app: Flask, sandbox: SandboxClient) -> None:
    lost, price_id = mirror_of(app, "Team"), find_price(app, "twinspot", "Team")
    sandbox.stripe.v1.prices.update(lost, {"active": False})
    at_once(app, *[lambda: mirrors.forget_mirrors([price_id])] * 4)
    assert [row["stripe_price_id"] for row in read_rows(app, LOST)] == [lost]
    assert sell_team(app, sandbox) != lost
    forget(app, price_id)
    forget(app, price_id)
    assert len(read_rows(app, LOST)) == 2


def test_leaves_prices_of_the_account_before_alone(app: Flask, sandbox: SandboxClient) -> None:
    price_id, before = find_price(app, "twinspot", "Team"), mirror_of(app, "Team")
    with SandboxServer(SandboxConfig(port=0)) as server:
        use_other_account(app, SandboxClient(server), is_restricted=False)
        other = mirror_of(app, "Team")
        forget(app, price_id)
    assert [row["stripe_price_id"] for row in read_rows(app, LOST)] == [other]
    use_secret_key(app, sandbox)
    assert mirror_of(app, "Team") == before


def test_deletes_no_edition_that_stripe_knew(app: Flask, sandbox: SandboxClient) -> None:
    with app.app_context():
        add_priced_edition("twinspot", "Studio", ("usd", 19900))
        db.session.remove()
    mirror_of(app, "Studio")
    forget(app, find_price(app, "twinspot", "Studio"))
    assert read_rows(app, MIRRORS) == []
    with app.app_context():
        with pytest.raises(ProductRefused, match="somebody may be paying for it right now"):
            delete_edition("twinspot", "studio")
        db.session.remove()


def test_shows_the_owner_a_sale_of_a_product_that_only_its_mark_tells(app: Flask, sandbox: SandboxClient) -> None:
    """A database was put back to a day before the shop made that product at Stripe."""
    url = make_link_by_hand(sandbox, second_price(sandbox, mirror_of(app, "Team")))
    change_rows(app, "DELETE FROM stripe_mirrors")
    assert pay(app, sandbox, url) == ("fulfilled", [])
    (notice,) = read_rows(app, "SELECT kind, text FROM notices")
    assert notice["kind"] == "unknown_line"
    assert "Twinspot (Team)" in notice["text"]


@pytest.mark.parametrize("shop_id", ["shop_of_others", ""])
def test_leaves_a_product_of_another_shop_alone(app: Flask, sandbox: SandboxClient, shop_id: str) -> None:
    body: Any = {"name": "Twinspot", "metadata": {"storefront": shop_id, "storefront_product": "1"}}
    product = sandbox.stripe.v1.products.create(body)
    price: Any = {"product": product.id, "currency": "usd", "unit_amount": 500}
    url = make_link_by_hand(sandbox, sandbox.stripe.v1.prices.create(price).id)
    assert pay(app, sandbox, url) == ("not_ours", [])
    assert read_rows(app, ITEMS) == []
