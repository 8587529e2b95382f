"""What an owner, or another program, wrote into the metadata of a Payment Link means nothing to the shop."""

import pytest
from flask import Flask

from storefront.core.db import db
from storefront.payments.checkout.payment_links import create_link
from storefront.shop.catalog import mirrors
from tests.support.bundles import add_bundle
from tests.support.payment_links import make_link_by_hand, mirror_of, visit
from tests.support.rows import read_rows
from tests.support.sale import sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer, find_price, keys_on, make_event, post_event
from tests.support.upgrades import allow_upgrade, start_upgrade, states

ORDERS = "SELECT is_gift, referrer, checkout_text, has_accepted FROM orders ORDER BY id"
WORDS = {
    "gift": "true",
    "checkout": "spring",
    "referrer": "spring",
    "checkout_text_1": "I buy a house.",
    "checkout_box": "accepted",
}
MARKS = pytest.mark.parametrize(
    "marks",
    [{}, {"storefront": "shop_of_others"}, {"storefront": ""}],
    ids=["unmarked", "of another shop", "empty"],
)


def shop_id(app: Flask) -> str:
    with app.app_context():
        found = mirrors.shop_id()
        db.session.remove()
    return found


def buy(app: Flask, sandbox: SandboxClient, url: str, email: str) -> list[str]:
    """Pay and return the keys on the page after it; the webhook comes twice."""
    session_id = visit(url)
    sandbox.pay(session_id, email=email)
    for _ in range(2):
        assert post_event(app, make_event("checkout.session.completed", session_id)).status_code == 200
    return keys_on(Buyer(app).land(session_id).text)


@MARKS
def test_makes_no_gift_of_a_sale_that_somebody_else_calls_one(
    app: Flask, sandbox: SandboxClient, marks: dict[str, str]
) -> None:
    url = make_link_by_hand(sandbox, mirror_of(app, "Personal"), metadata=marks | WORDS)
    keys = [key for name in ("one", "two") for key in buy(app, sandbox, url, f"{name}@example.com")]
    assert len(set(keys)) == 2
    nothing = {"is_gift": 0, "referrer": None, "checkout_text": None, "has_accepted": 0}
    assert read_rows(app, ORDERS) == [nothing, nothing]
    assert read_rows(app, "SELECT id FROM gifts") == []


def test_makes_no_gift_by_a_payment_link_of_its_own(app: Flask, sandbox: SandboxClient) -> None:
    with app.app_context():
        made = create_link(["twinspot/Personal"], ref="letter")
        db.session.remove()
    sandbox.stripe.v1.payment_links.update(made.id, {"metadata": {"gift": "true", "checkout_text_1": "A house."}})
    assert len(buy(app, sandbox, made.url, "one@example.com")) == 1
    (order,) = read_rows(app, ORDERS)
    assert order == {"is_gift": 0, "referrer": "letter", "checkout_text": None, "has_accepted": 0}


@MARKS
def test_hands_out_a_bundle_whatever_a_link_says_of_a_checkout(
    app: Flask, sandbox: SandboxClient, marks: dict[str, str]
) -> None:
    add_bundle(app)
    named = marks | {"checkout": "spring", f"parts_{find_price(app, 'starter-kit', 'Kit')}": "1"}
    url = make_link_by_hand(sandbox, mirror_of(app, "Kit", "starter-kit"), metadata=named)
    assert len(buy(app, sandbox, url, "one@example.com")) == 1
    assert len(read_rows(app, "SELECT id FROM order_item_parts")) == 2


@MARKS
def test_upgrades_nothing_that_somebody_else_names(
    app: Flask, sandbox: SandboxClient, marks: dict[str, str]
) -> None:
    allow_upgrade(app)
    sale = sell(app, sandbox)
    lines = sandbox.stripe.v1.checkout.sessions.line_items.list(start_upgrade(sale))
    (grant,) = read_rows(app, "SELECT id FROM grants WHERE kind = 'license'")
    named = marks | {"checkout": "spring", "upgrade": str(grant["id"])}
    assert lines.data[0].price is not None
    buy(app, sandbox, make_link_by_hand(sandbox, lines.data[0].price.id, metadata=named), "one@example.com")
    assert states(app) == ["unknown"]


def test_believes_itself(app: Flask, sandbox: SandboxClient) -> None:
    """A Session that carries what its checkouts always carried: the shop's mark and the name of a checkout."""
    url = make_link_by_hand(sandbox, mirror_of(app, "Personal"), metadata=WORDS | {"storefront": shop_id(app)})
    assert buy(app, sandbox, url, "one@example.com") == []
    (order,) = read_rows(app, ORDERS)
    assert order == {
        "is_gift": 1,
        "referrer": "spring",
        "checkout_text": "I buy a house.",
        "has_accepted": 1,
    }
