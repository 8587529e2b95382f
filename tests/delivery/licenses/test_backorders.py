"""Who waits for a key: served whatever became of the product, counted while it is theirs, given all its days."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from storefront.core import clock
from storefront.core.db import db, transaction
from storefront.core.leases import take_lease
from storefront.delivery.licenses.pools.fill_backorders import (
    FilledBackorders,
    fill_backorders,
    fill_batches,
    list_batches,
    note_forgotten,
)
from storefront.delivery.licenses.pools.import_keys import import_keys
from storefront.delivery.licenses.pools.key_files import read_keys
from storefront.migrations import schema
from storefront.orders.decide import decide
from storefront.orders.models import Decision, Order
from storefront.shop.editor.product_settings import change_product_settings
from storefront.worker import serve_keys
from tests.delivery.licenses.licensed import ask, refund
from tests.delivery.licenses.pools import bring, fulfill, make_pool, numbered, open_pool_notices, pay, sold_keys
from tests.migrations.tables import go_down
from tests.support.databases import BOTH
from tests.support.rows import change_rows, read_rows
from tests.support.sale import Sale, sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer
from tests.support.statements import counted, values_counted

both = pytest.mark.parametrize("engine", BOTH, indirect=True)


def sell_one_and_let_one_wait(app: Flask, sandbox: SandboxClient) -> Sale:
    make_pool(app)
    bring(app, numbered(1))
    sell(app, sandbox)
    return sell(app, sandbox)


def serve(app: Flask) -> int:
    with app.app_context():
        served = fill_backorders()
        db.session.remove()
    return served


def pools(run: Any) -> str:
    return str(run("keys", "list").output)


@both
def test_leaves_nobody_waiting_for_a_product_that_makes_its_keys_from_now_on(
    app: Flask, sandbox: SandboxClient, run: Any
) -> None:
    sale = sell_one_and_let_one_wait(app, sandbox)
    assert "One license key is not in stock" in sale.words()
    assert open_pool_notices(app) == ["waiting"]
    done = run("products", "set", "twinspot", "--key-source", "generated")
    assert "1 key went to orders that waited" in done.output
    assert open_pool_notices(app) == []
    (key,) = [key for key in sold_keys(app) if key.startswith("TWIN-")]
    assert key in sale.words()
    assert "not in stock" not in sale.words()
    assert read_rows(app, "SELECT state FROM outbox WHERE kind = 'keys_arrived'") == [{"state": "queued"}]


def test_tells_a_buyer_that_the_key_follows_also_when_the_pool_is_gone(app: Flask, sandbox: SandboxClient) -> None:
    """Until the worker comes, a minute later."""
    sale = sell_one_and_let_one_wait(app, sandbox)
    with app.app_context():
        change_product_settings("twinspot", {"key_source": "generated"})
    assert "One license key is not in stock" in sale.words()
    assert serve(app) == 1
    assert "not in stock" not in sale.words()


@both
def test_lets_a_buyer_who_is_refunded_wait_no_longer(app: Flask, sandbox: SandboxClient, run: Any) -> None:
    sale = sell_one_and_let_one_wait(app, sandbox)
    assert "1 waited for" in pools(run)
    refund(sale)
    assert "0 waited for" in pools(run)
    assert serve(app) == 0
    assert open_pool_notices(app) == ["empty"]
    assert bring(app, numbered(1, start=2)).waiting == 0
    assert sold_keys(app) == numbered(1)


def test_lets_an_order_that_opens_again_wait_again(app: Flask, sandbox: SandboxClient, run: Any) -> None:
    sell_one_and_let_one_wait(app, sandbox)
    number = str(read_rows(app, "SELECT number FROM orders ORDER BY id DESC")[0]["number"])
    for decision, level, count in ((Decision.WITHDRAW, "empty", 0), (Decision.FOLLOW_PAYMENT, "waiting", 1)):
        with app.app_context():
            decide(number, decision)
        serve(app)
        assert open_pool_notices(app) == [level]
        assert f"{count} waited for" in pools(run)


@both
def test_takes_no_key_for_a_sale_that_was_refunded_before_its_first_look(
    app: Flask, sandbox: SandboxClient
) -> None:
    make_pool(app)
    bring(app, numbered(2))
    (session_id,) = pay(app, sandbox, 1)
    expand: Any = {"expand": ["payment_intent"]}
    payment: Any = sandbox.stripe.v1.checkout.sessions.retrieve(session_id, expand).payment_intent
    sandbox.stripe.v1.refunds.create({"payment_intent": payment.id})
    assert fulfill(app, session_id) == "fulfilled"
    assert sold_keys(app) == []
    assert serve(app) == 0
    assert read_rows(app, "SELECT id FROM order_changes WHERE what = 'backordered'") == []
    with app.app_context():
        decide(str(read_rows(app, "SELECT number FROM orders")[0]["number"]), Decision.ALLOW)
    assert serve(app) == 1
    assert sold_keys(app) == numbered(1)


@both
def test_takes_no_key_for_an_item_that_was_refunded_before_its_first_look(
    app: Flask, sandbox: SandboxClient
) -> None:
    make_pool(app)
    bring(app, numbered(2))
    buyer = Buyer(app)
    buyer.add()
    buyer.add("the-patient-toolmaker")
    session_id = buyer.check_out()
    sandbox.pay(session_id)
    checkout: Any = sandbox.stripe.v1.checkout.sessions.retrieve(session_id, {"expand": ["line_items"]})
    places = [line.description.startswith("Twinspot") for line in checkout.line_items.data]
    refund: Any = {
        "payment_intent": str(checkout.payment_intent),
        "amount": checkout.line_items.data[places.index(True)].amount_total,
        "metadata": {"storefront_items": str(places.index(True) + 1)},
    }
    sandbox.stripe.v1.refunds.create(refund)
    assert fulfill(app, session_id) == "fulfilled"
    assert sold_keys(app) == []
    assert read_rows(app, "SELECT id FROM order_changes WHERE what = 'backordered'") == []
    assert [
        bool(row["is_refunded"]) for row in read_rows(app, "SELECT is_refunded FROM order_items ORDER BY position")
    ] == places


def test_runs_a_license_from_the_day_its_key_arrives(app: Flask, sandbox: SandboxClient) -> None:
    make_pool(app)
    with app.app_context():
        change_product_settings("twinspot", {"license_days": 7})
    bring(app, numbered(1))
    sell(app, sandbox)
    sale = sell(app, sandbox)
    with app.app_context(), transaction() as session:
        session.execute(update(Order).values(paid_at=clock.now() - timedelta(days=10)))
    bring(app, numbered(1, start=2))
    assert "IMPORTED-KEY-0002" in sale.words()
    assert ask(app, "validate", license_key="IMPORTED-KEY-0002").get_json()["code"] == "VALID"
    ends = read_rows(app, "SELECT expires_at FROM licenses ORDER BY id DESC")[0]["expires_at"]
    assert str(ends)[:10] == f"{clock.now() + timedelta(days=7):%Y-%m-%d}"


def test_looks_at_the_sales_own_pool_only(app: Flask, sandbox: SandboxClient) -> None:
    make_pool(app)
    with app.app_context():
        change_product_settings("soft-taps", {"grants_license": True, "key_source": "pool"})
    bring(app, numbered(2, start=50), slug="soft-taps")
    bring(app, numbered(9))
    change_rows(app, "UPDATE notices SET text = 'as it was' WHERE subject LIKE 'soft-taps:%'")
    fulfill(app, pay(app, sandbox, 1, quantity=7)[0])
    texts = read_rows(app, "SELECT subject, text FROM notices WHERE closed_at IS NULL ORDER BY subject")
    assert [(row["subject"].split(":")[0], row["text"] == "as it was") for row in texts] == [
        ("soft-taps", True),
        ("twinspot", False),
    ]


def test_gives_no_live_key_to_an_order_of_the_sandbox(app: Flask, sandbox: SandboxClient) -> None:
    make_pool(app)
    bring(app, numbered(2))
    change_rows(app, "UPDATE pool_keys SET mode = 'live'")
    sale = sell(app, sandbox)
    assert [key.startswith("TEST-") for key in sale.keys] == [True]
    assert read_rows(app, "SELECT id FROM pool_keys WHERE grant_id IS NOT NULL") == []


@both
def test_gives_a_sandbox_key_to_no_waiting_order_of_another_mode(app: Flask, sandbox: SandboxClient) -> None:
    sell_one_and_let_one_wait(app, sandbox)
    change_rows(app, "UPDATE orders SET mode = 'live'")
    assert bring(app, numbered(1, start=2)).served_keys == 0
    assert serve(app) == 0


def test_asks_no_more_than_a_few_questions_in_the_worker(app: Flask, sandbox: SandboxClient) -> None:
    sell_one_and_let_one_wait(app, sandbox)
    serve(app)
    with counted(app) as statements:
        serve(app)
    assert len(statements) <= 9, "\n".join(statements)  # one is of the only pool
    assert not [statement for statement in statements if statement.startswith(("UPDATE", "INSERT"))]


def test_tells_by_the_commands_of_keys_what_was_left_out(app: Flask, run: Any) -> None:
    make_pool(app)
    sent = b"Order;Gift code\n# ours\n1;SOME-KEY-1\n;\n2;SOME-KEY-2\n"
    unknown = run("keys", "import", "twinspot", "-", stdin=sent)
    assert (unknown.exit_code, "line 1: none of the 2 columns" in unknown.output) == (1, True)
    done = run("keys", "import", "twinspot", "-", "--column", "gift code", "--json", stdin=sent)
    assert '"imported": 2' in done.output
    assert '"blank_lines": [\n    4\n  ]' in done.output
    assert '"comment_lines": [\n    2\n  ]' in done.output
    said = run("keys", "import", "twinspot", "-", stdin=b"SOME-KEY-3\n\n#\n").output
    assert "Imported 1 key (1 blank line, 1 comment line left out). 3 are for sale." in said


def test_takes_out_keys_brought_by_mistake_which_may_come_again(
    app: Flask, sandbox: SandboxClient, run: Any
) -> None:
    make_pool(app)
    bring(app, numbered(4))
    fulfill(app, pay(app, sandbox, 1)[0])
    refused = run("keys", "remove", "twinspot", "-", stdin="\n".join(["UNKNOWN-KEY", *numbered(2)]).encode())
    assert refused.exit_code == 1
    assert "line 1: \u2026N-KEY is not in this pool" in refused.output
    assert "line 2: \u2026-0001 is sold" in refused.output
    assert "Nothing was removed" in refused.output
    assert "twinspot: 3 for sale, 1 sold" in pools(run)
    assert "is not in this pool" in run("keys", "remove", "twinspot", "imported key 0002").output
    assert "Removed 1 key. 2 are for sale." in run("keys", "remove", "twinspot", "IMPORTED-KEY-0002").output
    assert '"removed": 1' in run("keys", "remove", "twinspot", "-", "--json", stdin=b"IMPORTED-KEY-0003").output
    assert run("keys", "remove", "twinspot", "IMPORTED-KEY-0003").exit_code == 1
    story = run("keys", "show", "IMPORTED-KEY-0002").output
    assert "removed on" in story
    assert [line.split()[3] for line in story.splitlines() if line.startswith("20")] == ["imported", "removed"]
    assert "twinspot: 1 for sale, 1 sold" in pools(run)
    assert bring(app, ["IMPORTED-KEY-0002"]).unsold == 2
    assert open_pool_notices(app) == ["low"]
    for _ in range(2):
        fulfill(app, pay(app, sandbox, 1)[0])
    assert sold_keys(app) == ["IMPORTED-KEY-0001", "IMPORTED-KEY-0004", "IMPORTED-KEY-0002"]


def noted(app: Flask) -> list[bool]:
    rows = read_rows(app, "SELECT is_keyless FROM grants WHERE kind = 'license' ORDER BY id")
    return [bool(row["is_keyless"]) for row in rows]


@both
def test_notes_who_waits_until_the_key_is_there(app: Flask, sandbox: SandboxClient) -> None:
    sell_one_and_let_one_wait(app, sandbox)
    assert noted(app) == [False, True]
    with app.app_context():
        go_down(app, "0064")
        db.session.remove()
    schema.upgrade(app)
    assert noted(app) == [False, True]
    bring(app, numbered(1, start=2))
    assert noted(app) == [False, False]
    assert len(sold_keys(app)) == 2


@both
def test_finds_who_waits_since_older_code_has_sold(app: Flask, sandbox: SandboxClient) -> None:
    """Older code serves beside this one during an upgrade: it notes nobody, and leaves noted whom it served."""
    sell_one_and_let_one_wait(app, sandbox)
    with app.app_context():
        take_lease("note_keyless", seconds=3600)  # the look at all was a moment ago: this one is at the newest
        db.session.remove()
    change_rows(app, "UPDATE grants SET is_keyless = NOT is_keyless WHERE kind = 'license'")
    bring(app, numbered(1, start=2))
    with app.app_context():
        serve_keys()
        db.session.remove()
    assert len(sold_keys(app)) == 2
    assert noted(app) == [False, False]


def test_looks_at_all_grants_once_an_hour(
    app: Flask, sandbox: SandboxClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    sell_one_and_let_one_wait(app, sandbox)
    monkeypatch.setattr("storefront.delivery.licenses.pools.fill_backorders.NEWEST", 0)
    change_rows(app, "UPDATE grants SET is_keyless = false")
    with app.app_context():
        assert [note_forgotten(is_thorough=thorough) for thorough in (False, True, True)] == [0, 1, 0]
        db.session.remove()
    assert noted(app) == [False, True]


def let_wait(app: Flask, sandbox: SandboxClient, *quantities: int) -> list[int]:
    """Sell as many at once, one order after the other, while there is no key; returns the orders."""
    make_pool(app)
    bring(app, numbered(1, start=9000))
    fulfill(app, pay(app, sandbox, 1)[0])
    for quantity in quantities:
        fulfill(app, pay(app, sandbox, 1, quantity=quantity)[0])
    return [row["id"] for row in read_rows(app, "SELECT id FROM orders ORDER BY id")][1:]


def count_keys(app: Flask) -> list[int]:
    """Of each order."""
    rows = read_rows(
        app,
        "SELECT count(l.id) AS keys FROM orders o JOIN order_items i ON i.order_id = o.id"
        " JOIN grants g ON g.order_item_id = i.id LEFT JOIN licenses l ON l.grant_id = g.id"
        " GROUP BY o.id ORDER BY o.id",
    )
    return [row["keys"] for row in rows][1:]


def told(app: Flask, what: str) -> list[int]:
    asked = {"mail": "outbox WHERE kind = 'keys_arrived'", "change": "order_changes WHERE what = 'served'"}[what]
    return [row["order_id"] for row in read_rows(app, f"SELECT order_id FROM {asked} ORDER BY id")]


@both
def test_serves_those_that_wait_a_few_at_a_time_oldest_first_and_tells_each_once(
    app: Flask, sandbox: SandboxClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One order has more than a transaction takes otherwise: its buyer gets one email all the same."""
    monkeypatch.setattr("storefront.delivery.licenses.pools.fill_backorders.AT_ONCE", 2)
    monkeypatch.setattr("storefront.delivery.licenses.issue.AT_ONCE", 2)
    orders = let_wait(app, sandbox, 1, 5, 1, 2, 1)
    product_id = read_rows(app, "SELECT id FROM products WHERE slug = 'twinspot'")[0]["id"]
    with app.app_context():
        batches = list_batches(db.session(), product_id)
        db.session.remove()
    assert batches == [orders[:1], orders[1:2], orders[2:3], orders[3:4], orders[4:]]
    done = bring(app, numbered(8))
    assert (done.served_keys, done.served_orders, done.unsold, done.waiting) == (8, 4, 0, 2)
    assert count_keys(app) == [1, 5, 1, 1, 0]
    assert told(app, "mail") == told(app, "change") == orders[:4]
    assert len(read_rows(app, "SELECT id FROM key_events WHERE what = 'handed_out'")) == 9
    done = bring(app, numbered(3, start=9))
    assert (done.served_keys, done.served_orders, done.unsold, done.waiting) == (2, 2, 1, 0)
    assert not any(noted(app))
    assert sold_keys(app) == ["IMPORTED-KEY-9000", *numbered(10)]


@both
def test_goes_on_where_it_was_killed_between_two_batches(
    app: Flask, sandbox: SandboxClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storefront.delivery.licenses.pools.fill_backorders.AT_ONCE", 1)
    orders = let_wait(app, sandbox, 1, 1, 1)
    change_rows(app, "UPDATE products SET key_source = 'generated' WHERE slug = 'twinspot'")
    product_id = read_rows(app, "SELECT id FROM products WHERE slug = 'twinspot'")[0]["id"]
    with app.app_context():
        batches = list_batches(db.session(), product_id)
        assert fill_batches(product_id, batches[:1]) == FilledBackorders(1, 1)
        db.session.remove()
    assert count_keys(app) == [1, 0, 0]
    assert serve(app) == 2
    assert count_keys(app) == [1, 1, 1]
    assert told(app, "mail") == orders


def test_says_before_an_import_what_it_would_say_after_it(
    app: Flask, sandbox: SandboxClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storefront.delivery.licenses.pools.fill_backorders.AT_ONCE", 1)
    let_wait(app, sandbox, 2, 1, 1)
    with app.app_context():
        said = import_keys("twinspot", read_keys("\n".join(numbered(3)).encode()), dry_run=True)
        db.session.remove()
    assert count_keys(app) == [0, 0, 0]
    assert bring(app, numbered(3)) == said


def test_serves_an_order_of_many_keys_by_statements_that_do_not_grow_with_it(
    app: Flask, sandbox: SandboxClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL takes 65,535 values in one, and SQLite 32,766."""
    at_once, count = 50, 400
    monkeypatch.setattr("storefront.delivery.licenses.pools.fill_backorders.AT_ONCE", at_once)
    monkeypatch.setattr("storefront.delivery.licenses.issue.AT_ONCE", at_once)
    let_wait(app, sandbox, 1)
    change_rows(
        app,
        "INSERT INTO grants (order_item_id, product_id, kind, ordinal, extra_downloads, extra_days, is_keyless,"
        " created_at) WITH RECURSIVE numbers(n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM numbers WHERE n < "
        f"{count}) SELECT order_item_id, product_id, kind, n, 0, 0, is_keyless, created_at FROM grants, numbers"
        " WHERE is_keyless",
    )
    with values_counted(app) as most:
        done = bring(app, [f"WAITED-FOR-{number:08}" for number in range(count)])
    assert (done.served_keys, done.served_orders, done.waiting) == (count, 1, 0)
    assert len(told(app, "mail")) == 1
    of_file = "key_hash IN"  # they look for the file's keys, by parts of their own
    served = {statement: values for statement, values in most.items() if of_file not in statement}
    too_long = [statement[:200] for statement, values in served.items() if values > 3 * at_once + 10]
    assert (too_long, max(served.values()) > at_once) == ([], True)
