"""A price that the owner adds in the Dashboard sells what its product there says, or is shown to the owner."""

import pytest
from flask import Flask

from tests.support.databases import BOTH
from tests.support.payment_links import make_link_by_hand, mirror_of, second_price, visit
from tests.support.rows import read_rows
from tests.support.sale import link_of, sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer, find_price, keys_on, make_event, post_event
from tests.support.upgrades import allow_upgrade, offers_on, start_upgrade

both = pytest.mark.parametrize("engine", BOTH, indirect=True)
NOTICES = "SELECT kind, text FROM notices"


def pay(app: Flask, sandbox: SandboxClient, price: str) -> str:
    """Pay by a link of the Dashboard; return the Session's id. Its event comes twice."""
    session_id = visit(make_link_by_hand(sandbox, price))
    sandbox.pay(session_id)
    for _ in range(2):
        assert post_event(app, make_event("checkout.session.completed", session_id)).status_code == 200
    return session_id


@both
def test_hands_out_the_edition_that_stripe_names(app: Flask, sandbox: SandboxClient) -> None:
    session_id = pay(app, sandbox, second_price(sandbox, mirror_of(app, "Team")))
    (item,) = read_rows(app, "SELECT description, price_id, total_minor, activation_limit, seats FROM order_items")
    assert item == {
        "description": "Twinspot (Team)",
        "price_id": find_price(app, "twinspot", "Team"),
        "total_minor": 4500,
        "activation_limit": 30,
        "seats": 10,
    }
    (key,) = keys_on(Buyer(app).land(session_id).text)
    form = {"license_key": key}
    told = Buyer(app).client.post("/v1/licenses/validate", data=form, base_url="http://localhost").get_json()
    assert told["license_key"]["activation_limit"] == 30
    assert told["meta"]["variant_name"] == "Team"
    assert read_rows(app, NOTICES) == []


def test_offers_the_upgrade_from_the_edition_that_was_sold(app: Flask, sandbox: SandboxClient) -> None:
    allow_upgrade(app)
    session_id = pay(app, sandbox, second_price(sandbox, mirror_of(app, "Personal"), 1500))
    assert len(offers_on(Buyer(app).get(link_of(app, session_id)).text)) == 1


def test_shows_the_owner_a_price_by_hand_of_an_upgrade(app: Flask, sandbox: SandboxClient) -> None:
    allow_upgrade(app)
    line = sandbox.stripe.v1.checkout.sessions.line_items.list(start_upgrade(sell(app, sandbox))).data[0]
    assert line.price is not None
    session_id = pay(app, sandbox, second_price(sandbox, line.price.id))
    assert "The shop knows about this and will email" in Buyer(app).get(link_of(app, session_id)).text
    (notice,) = read_rows(app, NOTICES)
    assert notice["kind"] == "unknown_line"
    assert (
        "\N{LEFT DOUBLE QUOTATION MARK}Twinspot (upgrade to Team)\N{RIGHT DOUBLE QUOTATION MARK}" in notice["text"]
    )
