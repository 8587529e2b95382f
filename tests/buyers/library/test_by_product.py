"""The library by product: one entry however often it was bought, its newest files, its keys told apart."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import update

from storefront.core import clock
from storefront.core.db import db, transaction
from storefront.delivery.licenses.models import License
from storefront.delivery.licenses.owner_actions import withdraw_key
from storefront.orders.models import Order, OrderItem
from tests.delivery.licenses.pools import bring, make_pool
from tests.support.bundles import KIT, add_bundle
from tests.support.databases import BOTH
from tests.support.gifts import ROSA, give, hand_over
from tests.support.goods import change_product
from tests.support.letters import words_of
from tests.support.releases import add_release_file
from tests.support.rows import read_rows
from tests.support.sale import Sale, sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import ADA, keys_on
from tests.support.sign_in import signed_in
from tests.support.upgrades import allow_upgrade, pay_upgrade, start_upgrade

TEAM = ("twinspot", "Team")
BOOK = ("the-patient-toolmaker", "E-book")


def entries(page: str) -> list[str]:
    """The parts of the page, one for each product."""
    return re.findall(r'<section class="goods-item owned".*?</section>', page, re.DOTALL)


@pytest.mark.happy_path
@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_shows_a_product_once_with_the_keys_of_all_its_orders(app: Flask, sandbox: SandboxClient) -> None:
    first = sell(app, sandbox, email=ADA)
    second = sell(app, sandbox, TEAM, BOOK, email=ADA)
    tool, book = entries(signed_in(app).get("/library").text)
    assert keys_on(tool) == [*second.keys, *first.keys]
    assert "Twinspot (Team)" in tool
    assert "Twinspot (Personal)" in tool
    assert tool.index(second.link) < tool.index(first.link)
    assert keys_on(book) == []
    assert "the-patient-toolmaker.epub" in book
    assert first.link not in book


def test_hands_out_the_newest_files_that_any_order_includes(
    app: Flask, sandbox: SandboxClient, tmp_path: Path
) -> None:
    """The newer order has no more updates, the older one does."""
    older = sell(app, sandbox, email=ADA)
    newer = sell(app, sandbox, email=ADA)
    with app.app_context(), transaction() as changes:
        newest = int(read_rows(app, "SELECT max(id) AS id FROM order_items")[0]["id"])
        changes.execute(update(OrderItem).where(OrderItem.id == newest).values(update_days=1))
        changes.execute(update(Order).where(Order.id == newest).values(paid_at=clock.now() - timedelta(days=2)))
    source = tmp_path / "twinspot-9.0.zip"
    source.write_bytes(b"the newest")
    with app.app_context():
        add_release_file(slug="twinspot", version="9.0", source=source)
    (tool,) = entries(signed_in(app).get("/library").text)
    files = re.findall(r'href="/downloads/([0-9a-f]+)/\d+/([^"]+)"', tool)
    assert files == [(older.link.removeprefix("/orders/"), "twinspot-9.0.zip")]
    assert set(keys_on(tool)) == {*older.keys, *newer.keys}


def test_shows_the_parts_of_a_bundle_as_products(app: Flask, sandbox: SandboxClient) -> None:
    add_bundle(app)
    sale = sell(app, sandbox, KIT, email=ADA)
    page = signed_in(app).get("/library").text
    assert [re.search(r"<h2[^>]*>([^<]+?)\s*<", entry)[1] for entry in entries(page)] == [  # type: ignore[index]
        "Twinspot",
        "The Patient Toolmaker",
    ]
    assert keys_on(page) == sale.keys


def test_counts_what_does_not_work_and_leads_to_it(app: Flask, sandbox: SandboxClient) -> None:
    for _ in range(2):
        sale = sell(app, sandbox, email=ADA)
        sale.refund()
        sale.deliver("charge.refunded", "refund.")
    open_sale = sell(app, sandbox, BOOK, email=ADA)
    buyer = signed_in(app)
    page = buyer.get("/library").text
    assert len(entries(page)) == 1
    assert open_sale.link in page.split("closed-orders")[0]
    assert "2 things that no longer work" in page.split("closed-orders")[1]
    orders = buyer.get("/library/orders").text
    assert orders.count("refunded") >= 2
    folded = orders.split("<details")[1]
    assert "2 closed orders" in folded
    assert open_sale.link not in folded
    assert re.search(r"<details[^>]* open>", buyer.get("/library/orders?q=twinspot").text)


def waiting_for_a_key(app: Flask, sandbox: SandboxClient) -> Sale:
    """Return a sale of Twinspot whose last key somebody else has bought."""
    make_pool(app)
    bring(app, ["IMPORTED-KEY-0000"])
    sell(app, sandbox, email="eve@example.com")
    return sell(app, sandbox, email=ADA)


@pytest.mark.parametrize("path", ["/library", "/library/orders"])
def test_says_why_a_key_does_not_work_and_what_is_to_follow(app: Flask, sandbox: SandboxClient, path: str) -> None:
    expired, withdrawn = sell(app, sandbox, email=ADA), sell(app, sandbox, email=ADA)
    day = clock.now() - timedelta(days=1)
    with app.app_context():
        with transaction() as changes:
            changes.execute(update(License).values(expires_at=day))
        withdraw_key(withdrawn.keys[0])
        db.session.remove()
    waiting_for_a_key(app, sandbox)
    page = signed_in(app).get(path).text
    said = words_of(page)
    assert keys_on(page) == expired.keys
    assert said.count("This key expired on") == 1
    assert said.count("The shop has withdrawn this key.") == 1
    assert said.count("A license key follows by email.") == 1


def test_says_nothing_of_keys_of_a_closed_order(app: Flask, sandbox: SandboxClient) -> None:
    sale = waiting_for_a_key(app, sandbox)
    assert "follows by email" in signed_in(app).get("/library/orders").text
    sale.refund()
    sale.deliver("charge.", "refund.")
    assert "follows by email" not in signed_in(app).get("/library/orders").text


def test_shows_a_name_for_what_it_is(app: Flask, sandbox: SandboxClient) -> None:
    sell(app, sandbox, email=ADA)
    change_product(app, "twinspot", name="<b>Bold</b> & co")
    page = signed_in(app).get("/library").text
    assert "&lt;b&gt;Bold&lt;/b&gt; &amp; co" in page
    assert "<b>Bold" not in page


def test_asks_strangers_to_sign_in_for_orders_too(app: Flask) -> None:
    answer = app.test_client().get("/library/orders")
    assert (answer.status_code, answer.location) == (303, "/sign-in")


def test_shows_an_upgraded_product_once_with_its_new_edition(app: Flask, sandbox: SandboxClient) -> None:
    allow_upgrade(app)
    sale = sell(app, sandbox, email=ADA)
    reader = signed_in(app)
    [offered] = entries(reader.get("/library").text)
    assert f'<a href="{sale.link}">Upgrade to Team, $60.00</a>' in offered
    pay_upgrade(sale, start_upgrade(sale), email=ADA)
    [upgraded] = entries(reader.get("/library").text)
    assert keys_on(upgraded) == sale.keys
    assert "License key for Twinspot (Team)" in upgraded
    assert "Upgrade to" not in upgraded
    assert "Twinspot (upgrade to Team)" in reader.get("/library/orders").text


def test_tells_who_only_gave_gifts_where_their_orders_are(app: Flask, sandbox: SandboxClient) -> None:
    give(app, sandbox, how={"email": ADA})
    hand_over(app)
    giver = signed_in(app)
    for address in ("/library", "/library?q=twinspot"):
        page = giver.get(address).text
        assert 'One gift you gave. <a href="/library/orders">See all orders</a>' in page
        assert "Nothing here yet" not in page
        assert "No results" not in page
        assert keys_on(page) == []
    page = giver.get("/library?q=otherwise").text
    assert "No results for “otherwise”" in page
    assert "See all orders" not in page
    assert "One gift you gave" not in signed_in(app, ROSA).get("/library").text
