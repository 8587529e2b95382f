"""A product that gets another name has it at Stripe, too: on the form, on receipts and in Payment Links."""

import pytest
from flask import Flask

from storefront.core.db import db
from storefront.payments.checkout.payment_links import create_link
from storefront.shop.catalog import mirror_names
from storefront.shop.catalog.mirrors import follow_names
from storefront.shop.editor.products import change_texts
from storefront.shop.profile.change import change_profile
from tests.payments.checkout.buttons import press
from tests.shop.media.drawn import add
from tests.support.databases import BOTH
from tests.support.rows import change_rows, read_rows
from tests.support.sale import sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer
from tests.support.upgrades import sell_upgrade, start_upgrade


def rename(app: Flask, name: str) -> None:
    with app.app_context():
        change_texts("twinspot", {"name": name})
        db.session.remove()


def follow(app: Flask) -> int:
    with app.app_context():
        told = follow_names()
        db.session.remove()
    return told


def names_at_stripe(sandbox: SandboxClient) -> list[str]:
    return sorted(product.name for product in sandbox.stripe.v1.products.list().data)


class TestOnTheInternet:
    @pytest.fixture
    def environment(self, environment: dict[str, str]) -> dict[str, str]:
        return environment | {"BASE_URL": "https://shop.example.com"}

    def test_shows_summary_and_picture_and_follows_both(self, app: Flask, sandbox: SandboxClient) -> None:
        add(app, alt="A blue field")
        with app.app_context():
            create_link(["twinspot/Team"])
            db.session.remove()
        (product,) = sandbox.stripe.v1.products.list().data
        assert (
            product.description
            == "Finds the files you have twice. A small command-line tool that never deletes anything."
        )
        (address,) = product.images
        assert address.startswith("https://shop.example.com/media/")
        assert follow(app) == 0
        change_rows(app, "DELETE FROM product_pictures", "UPDATE products SET summary = ''")
        sandbox.forget_calls()
        assert [follow(app), follow(app)] == [1, 0]
        assert len([path for method, path in sandbox.calls() if method == "POST"]) == 1
        (product,) = sandbox.stripe.v1.products.list().data
        assert (product.description, product.images) == (None, [])


def test_shows_no_picture_that_buyers_cannot_load(app: Flask, sandbox: SandboxClient) -> None:
    add(app, alt="A blue field")
    buyer = Buyer(app)
    buyer.get(press(buyer, "twinspot", "Team").location)
    (product,) = sandbox.stripe.v1.products.list().data
    assert (product.images, bool(product.description)) == ([], True)


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_shows_the_new_name_at_checkout_and_asks_stripe_once_for_it(app: Flask, sandbox: SandboxClient) -> None:
    first = Buyer(app)
    first.get(press(first, "twinspot", "Team").location)
    rename(app, "Twinspot 2")
    sandbox.forget_calls()
    sessions = []
    for _ in range(2):
        buyer = Buyer(app)
        sessions.append(buyer.session_on(buyer.get(press(buyer, "twinspot", "Team").location)))
    lines = [sandbox.stripe.v1.checkout.sessions.line_items.list(session).data for session in sessions]
    assert [line.description for of_session in lines for line in of_session] == ["Twinspot 2 (Team)"] * 2
    renamed = [path for method, path in sandbox.calls() if method == "POST" and "/v1/products/" in path]
    assert len(renamed) == 1


def test_follows_a_name_in_payment_links_that_nobody_opens_here(app: Flask, sandbox: SandboxClient) -> None:
    with app.app_context():
        create_link(["twinspot/Team"])
        db.session.remove()
    assert follow(app) == 0
    rename(app, "Twinspot 2")
    assert [follow(app), follow(app)] == [1, 0]
    assert names_at_stripe(sandbox) == ["Twinspot 2 (Team)"]
    change_rows(app, "UPDATE stripe_mirrors SET name = NULL")  # a mirror of an older shop
    assert [follow(app), follow(app)] == [1, 0]


def test_sells_under_the_old_name_where_the_key_may_not_tell_the_new_one(
    app: Flask, sandbox: SandboxClient
) -> None:
    """The next checkouts are not held up by a call that would be refused."""
    first = Buyer(app)
    first.get(press(first, "twinspot", "Team").location)
    rename(app, "Twinspot 2")
    product = read_rows(app, "SELECT stripe_product_id FROM stripe_mirrors")[0]["stripe_product_id"]
    sandbox.control("faults", method="POST", path=f"/v1/products/{product}", status=403, times=None)
    sandbox.forget_calls()
    for _ in range(3):
        buyer = Buyer(app)
        assert buyer.session_on(buyer.get(press(buyer, "twinspot", "Team").location))
    assert len([path for method, path in sandbox.calls() if "/v1/products/" in path]) == 1
    assert names_at_stripe(sandbox) == ["Twinspot (Team)"]
    sandbox.control("faults/clear")
    assert follow(app) == 0
    with app.app_context():
        mirror_names.NOT_ALLOWED.forget()  # as after some minutes
    assert follow(app) == 1


def test_tries_the_next_one_where_stripe_refuses_one_name(app: Flask, sandbox: SandboxClient) -> None:
    first = Buyer(app)
    first.get(press(first, "twinspot", "Team").location)
    rename(app, "Twinspot 2")
    product = read_rows(app, "SELECT stripe_product_id FROM stripe_mirrors")[0]["stripe_product_id"]
    sandbox.control(
        "faults", method="POST", path=f"/v1/products/{product}", status=400, type="invalid_request_error"
    )
    assert [follow(app), follow(app)] == [0, 1]


def test_names_an_upgrade_in_the_language_of_the_shop_and_tells_stripe_once(
    app: Flask, sandbox: SandboxClient
) -> None:
    """Whatever its buyers speak. What was sold keeps its name."""
    sell_upgrade(app, sandbox)
    assert "Twinspot (upgrade to Team)" in names_at_stripe(sandbox)
    sandbox.forget_calls()
    with app.app_context():
        change_profile({"languages": "de, en"})
        db.session.remove()
    for language in ("en", "de", "en"):
        buyer = Buyer(app)
        buyer.client.environ_base["HTTP_ACCEPT_LANGUAGE"] = language
        start_upgrade(sell(app, sandbox), buyer)
        follow(app)
    assert "Twinspot (Upgrade auf Team)" in names_at_stripe(sandbox)
    assert "Twinspot (upgrade to Team)" not in names_at_stripe(sandbox)
    assert [path for method, path in sandbox.calls() if method == "POST" and "/v1/product" in path] == [
        f"/v1/products/{product}" for product in upgrade_products(app)
    ]
    sold = read_rows(app, "SELECT description FROM order_items WHERE description LIKE '%Team%'")
    assert [row["description"] for row in sold] == ["Twinspot (upgrade to Team)"]


def upgrade_products(app: Flask) -> list[str]:
    rows = read_rows(
        app,
        "SELECT stripe_product_id FROM stripe_mirrors JOIN prices ON prices.id = price_id"
        " WHERE upgrades_from_id IS NOT NULL",
    )
    return [row["stripe_product_id"] for row in rows]
