"""After a database is put back to an earlier day, a number that was given again sells nothing of another price."""

from datetime import timedelta

import pytest
import time_machine
from flask import Flask

from storefront.core import clock
from tests.payments.reconcile.sales import refund, run
from tests.support.databases import BOTH
from tests.support.payment_links import make_link, visit
from tests.support.restore import add_priced
from tests.support.rows import change_rows, read_rows
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer, keys_on, make_event, post_event

ITEMS = "SELECT description, total_minor, product_id, price_id FROM order_items"


def put_back(app: Flask, price_id: int) -> None:
    """Take what was made last out of the database, with its number."""
    change_rows(
        app,
        "DELETE FROM stripe_mirrors",
        f"DELETE FROM prices WHERE id = {price_id}",
        "DELETE FROM editions WHERE name = 'Cheap'",
        f"UPDATE sqlite_sequence SET seq = {price_id - 1} WHERE name = 'prices'",
    )


def pay(app: Flask, sandbox: SandboxClient, url: str) -> list[str]:
    session_id = visit(url)
    sandbox.pay(session_id)
    for _ in range(2):
        assert post_event(app, make_event("checkout.session.completed", session_id)).status_code == 200
    return keys_on(Buyer(app).land(session_id).text)


@pytest.mark.parametrize(
    ("old", "new", "hours"),
    [
        ("2.00", ("900.00", "usd"), 0),
        ("2.00", ("2.00", "eur"), 0),
        ("2.00", ("from 1.00, suggested 5.00", "usd"), 0),
        ("from 1.00, suggested 2.00", ("from 1.00, suggested 900.00", "usd"), 0),
        ("2.00", ("2.00", "usd"), 0.5),
    ],
    ids=["another amount", "another currency", "now chosen", "another suggestion", "made later"],
)
def test_shows_the_owner_a_sale_of_a_price_whose_number_is_anothers(
    app: Flask, sandbox: SandboxClient, old: str, new: tuple[str, str], hours: float
) -> None:
    number = add_priced(app, "Cheap", old)
    url = make_link(app, "twinspot/Cheap")
    put_back(app, number)
    with time_machine.travel(clock.now() + timedelta(hours=hours), tick=True):
        assert add_priced(app, "Enterprise", *new) == number
    assert pay(app, sandbox, url) == []
    (item,) = read_rows(app, ITEMS)
    assert item == {"description": "Twinspot (Cheap)", "total_minor": 200, "product_id": None, "price_id": None}
    (notice,) = read_rows(app, "SELECT kind, text FROM notices")
    assert notice["kind"] == "unknown_line"
    assert "Twinspot (Cheap)" in notice["text"]


def forget_moment(sandbox: SandboxClient) -> None:
    """Let the newest price at Stripe be as older versions made them."""
    newest = sandbox.stripe.v1.prices.list({"limit": 1}).data[0]
    assert newest.metadata is not None
    assert "storefront_price_at" in newest.metadata
    sandbox.stripe.v1.prices.update(newest.id, {"metadata": {"storefront_price_at": ""}})


@pytest.mark.parametrize(("hours", "is_sold"), [(0.0, True), (2.0, False)])
def test_compares_days_of_a_price_that_an_older_version_made(
    app: Flask, sandbox: SandboxClient, hours: float, is_sold: bool
) -> None:
    number = add_priced(app, "Cheap", "2.00")
    url = make_link(app, "twinspot/Cheap")
    forget_moment(sandbox)
    put_back(app, number)
    with time_machine.travel(clock.now() + timedelta(hours=hours), tick=True):
        assert add_priced(app, "Cheap", "2.00") == number
    assert bool(pay(app, sandbox, url)) is is_sold


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_takes_a_number_that_no_row_can_have_for_an_unknown_line(app: Flask, sandbox: SandboxClient) -> None:
    """Only an owner can write it, at Stripe: no delivery of it may fail."""
    add_priced(app, "Cheap", "2.00")
    url = make_link(app, "twinspot/Cheap")
    newest = sandbox.stripe.v1.prices.list({"limit": 1}).data[0]
    sandbox.stripe.v1.prices.update(newest.id, {"metadata": {"storefront_price": "9" * 20}})
    change_rows(app, "DELETE FROM stripe_mirrors")
    assert pay(app, sandbox, url) == []
    assert read_rows(app, "SELECT product_id FROM order_items") == [{"product_id": None}]


@pytest.mark.parametrize("engine", BOTH, indirect=True)
@pytest.mark.parametrize(
    ("amount", "currency"),
    [
        ("2.00", "usd"),
        ("900", "jpy"),
        ("from 0, suggested 2.00", "usd"),
        ("from 1.00, suggested 2.00, up to 9.00", "eur"),
    ],
)
def test_sells_by_the_number_alone_what_it_was_made_of(
    app: Flask, sandbox: SandboxClient, amount: str, currency: str
) -> None:
    """The database was put back to between the price and its mirror, or an older shop has forgotten that."""
    number = add_priced(app, "Cheap", amount, currency)
    url = make_link(app, "twinspot/Cheap")
    change_rows(app, "DELETE FROM stripe_mirrors")
    pay(app, sandbox, url)
    (item,) = read_rows(app, ITEMS)
    assert item["price_id"] == number
    assert read_rows(app, "SELECT id FROM notices") == []


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_says_of_an_order_that_was_handed_out_by_a_number_nothing_else_after_a_refund(
    app: Flask, sandbox: SandboxClient
) -> None:
    """An older version sold by the number alone, which is believed no more."""
    number = add_priced(app, "Cheap", "2.00")
    url = make_link(app, "twinspot/Cheap")
    change_rows(app, "DELETE FROM stripe_mirrors")
    session_id = visit(url)
    sandbox.pay(session_id)
    post_event(app, make_event("checkout.session.completed", session_id))
    change_rows(app, f"UPDATE prices SET amount_minor = 90000 WHERE id = {number}")
    refund(sandbox, session_id)
    with time_machine.travel(clock.now() + timedelta(minutes=20), tick=True):
        run(app)
    assert read_rows(app, "SELECT refunded_minor FROM orders") == [{"refunded_minor": 200}]
    assert read_rows(app, "SELECT text FROM notices WHERE kind = 'unknown_line'") == []
