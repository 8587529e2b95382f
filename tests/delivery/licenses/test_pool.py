"""Imported keys: read line by line, sold once, warned of before they end, and brought to who waited first."""

from typing import Any

import pytest
from flask import Flask

from storefront.core.db import db
from storefront.delivery.licenses.models import KeyEvent, License, PoolKey
from storefront.delivery.licenses.owner_actions import replace_key, restore_key, withdraw_key
from storefront.delivery.licenses.pools.fill_backorders import fill_backorders
from storefront.delivery.licenses.pools.import_keys import import_keys
from storefront.delivery.licenses.pools.key_files import read_keys
from storefront.delivery.licenses.pools.refusal import KeysRefused
from storefront.orders.decide import decide
from storefront.orders.models import Decision
from tests.delivery.licenses.licensed import ask
from tests.delivery.licenses.pools import bring, fulfill, make_pool, numbered, open_pool_notices, pay, sold_keys
from tests.support.databases import BOTH
from tests.support.rows import count_rows, read_rows
from tests.support.sale import sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Shop
from tests.support.statements import counted

both = pytest.mark.parametrize("engine", BOTH, indirect=True)


@both
def test_imports_all_or_nothing_and_never_twice(app: Flask) -> None:
    make_pool(app)
    assert bring(app, numbered(3)).unsold == 3
    with app.app_context():
        for lines in (numbered(3), ["NEW-KEY-1", *numbered(1)], ["NEW-KEY-1", "NEW-KEY-1 "], [""]):
            with pytest.raises(KeysRefused):
                import_keys("twinspot", read_keys("\n".join(lines).encode()))
        db.session.remove()
    assert count_rows(app, PoolKey, KeyEvent) == {"pool_keys": 3, "key_events": 3}


@both
def test_takes_the_next_key_for_each_sale_and_tells_its_custody(app: Flask, sandbox: SandboxClient) -> None:
    make_pool(app)
    bring(app, numbered(6))
    first, second = pay(app, sandbox, 2, quantity=2)
    for session_id in (first, second, first):
        fulfill(app, session_id)
    assert sold_keys(app) == numbered(4)
    assert open_pool_notices(app) == ["low"]
    events = read_rows(app, "SELECT what, detail FROM key_events WHERE what = 'handed_out'")
    assert len(events) == 4
    assert all(row["detail"].startswith("order ") for row in events)
    assert ask(app, "validate", license_key=" IMPORTED-KEY-0001 ").get_json()["valid"] is True
    assert ask(app, "validate", license_key="imported key 0001").get_json()["code"] == "MISTYPED"


@both
def test_fails_no_order_when_it_is_empty_and_serves_first_who_waited_first(
    shop: Shop, sandbox: SandboxClient
) -> None:
    app = shop.app
    make_pool(app)
    bring(app, numbered(1))
    for _ in range(3):  # one after the other: the sandbox's webhooks fulfill, too
        session_id = pay(app, sandbox, 1, quantity=2)[0]
        assert fulfill(app, session_id) in ("fulfilled", "already_fulfilled")
    assert sold_keys(app) == numbered(1)
    assert open_pool_notices(app) == ["waiting"]
    shop.work()
    done = bring(app, numbered(3, start=2))
    assert (done.served_keys, done.served_orders, done.waiting) == (3, 2, 2)
    waiting = read_rows(
        app,
        "SELECT o.email, count(l.id) AS keys FROM orders o JOIN order_items i ON i.order_id = o.id"
        " JOIN grants g ON g.order_item_id = i.id AND g.kind = 'license'"
        " LEFT JOIN licenses l ON l.grant_id = g.id GROUP BY o.id, o.email, o.paid_at ORDER BY o.paid_at, o.id",
    )
    assert [row["keys"] for row in waiting] == [2, 2, 0]
    shop.work()
    told = [
        mail for mail in shop.mails() if "IMPORTED-KEY" in str(mail["text"]) and "waiting" in str(mail["text"])
    ]
    assert len(told) == 2
    bring(app, numbered(2, start=5))
    assert len(sold_keys(app)) == len(set(sold_keys(app))) == 6
    with app.app_context():
        assert fill_backorders() == 0
        db.session.remove()
    assert open_pool_notices(app) == ["empty"]


def test_tells_the_buyer_that_the_key_follows(app: Flask, sandbox: SandboxClient) -> None:
    make_pool(app)
    bring(app, numbered(1))
    sell(app, sandbox)
    sale = sell(app, sandbox)
    assert "One license key is not in stock right now" in sale.words()
    bring(app, numbered(1, start=2))
    assert "IMPORTED-KEY-0002" in sale.words()
    assert "not in stock" not in sale.words()


def test_gives_no_key_to_who_was_refunded_meanwhile(app: Flask, sandbox: SandboxClient) -> None:
    make_pool(app)
    bring(app, numbered(1))
    for session_id in pay(app, sandbox, 2):
        fulfill(app, session_id)
    number = str(read_rows(app, "SELECT number FROM orders ORDER BY id DESC")[0]["number"])
    with app.app_context():
        decide(number, Decision.WITHDRAW)
    assert bring(app, numbered(2, start=2)).served_keys == 0
    with app.app_context():
        decide(number, Decision.FOLLOW_PAYMENT)
        assert fill_backorders() == 1
        assert fill_backorders() == 0
        db.session.remove()


def test_gives_a_test_order_of_a_shop_without_test_keys_a_visible_one(app: Flask, sandbox: SandboxClient) -> None:
    make_pool(app)
    sale = sell(app, sandbox)
    assert [key.startswith("TEST-") for key in sale.keys] == [True]
    assert open_pool_notices(app) == []


def test_sells_no_withdrawn_keys_and_a_replaced_one_never_again(app: Flask, sandbox: SandboxClient) -> None:
    make_pool(app)
    bring(app, numbered(4))
    with app.app_context():
        for _ in range(2):
            withdraw_key("IMPORTED-KEY-0001")
    fulfill(app, pay(app, sandbox, 1)[0])
    assert sold_keys(app) == ["IMPORTED-KEY-0002"]
    with app.app_context():
        restore_key("IMPORTED-KEY-0001")
        done = replace_key("IMPORTED-KEY-0002")
        assert done.key == "IMPORTED-KEY-0001"
        assert replace_key("IMPORTED-KEY-0001").key == "IMPORTED-KEY-0003"
        with pytest.raises(KeysRefused) as refused:
            import_keys("twinspot", read_keys(b"IMPORTED-KEY-0002"))
        db.session.remove()
    assert [problem.text for problem in refused.value.problems] == ["\u2026-0002 is sold already"]
    assert ask(app, "validate", license_key="IMPORTED-KEY-0002").get_json()["code"] == "REPLACED"
    assert count_rows(app, License)["licenses"] == 1


def test_costs_a_sale_the_same_for_one_key_and_for_five(app: Flask, sandbox: SandboxClient) -> None:
    make_pool(app)
    bring(app, numbered(40))
    costs = []
    for quantity in (1, 1, 5):
        session_id = pay(app, sandbox, 1, quantity=quantity)[0]
        with counted(app, inserts=False) as statements:
            fulfill(app, session_id)
        costs.append(len(statements))
    assert costs[1] == costs[2]


def test_obeys_its_commands(app: Flask, sandbox: SandboxClient, run: Any) -> None:
    refused = run("keys", "import", "twinspot", "-", stdin=b"SOME-KEY-1")
    assert (refused.exit_code, "--key-source pool" in refused.output) == (1, True)
    assert run("products", "set", "twinspot", "--key-source", "pool", "--download-limit", "5").exit_code == 0
    dry = run("keys", "import", "twinspot", "-", "--dry-run", stdin=b"SOME-KEY-1\nSOME-KEY-2")
    assert "nothing was changed" in dry.output
    done = run("keys", "import", "twinspot", "-", stdin=b"SOME-KEY-1\nSOME-KEY-2")
    assert (done.exit_code, "Imported 2 keys" in done.output) == (0, True)
    twice = run("keys", "import", "twinspot", "-", stdin=b"SOME-KEY-3\nSOME-KEY-2")
    assert (twice.exit_code, "line 2:" in twice.output, "SOME-KEY" in twice.output) == (1, True, False)
    assert "twinspot: 2 for sale" in run("keys", "list").output
    fulfill(app, pay(app, sandbox, 1)[0])
    assert "handed_out" in run("keys", "show", "SOME-KEY-1").output
    assert "is now" in run("keys", "replace", "SOME-KEY-1", "--because", "leaked").output
    assert "replaced by another key" in run("keys", "show", "SOME-KEY-1").output
    assert run("keys", "withdraw", "SOME-KEY-2").exit_code == 0
    assert "withdrawn on" in run("keys", "show", "SOME-KEY-2").output
    assert run("keys", "restore", "SOME-KEY-2").exit_code == 0
    empty = run("keys", "replace", "SOME-KEY-2")
    assert (empty.exit_code, "keys import" in empty.output) == (1, True)
    unknown = run("keys", "show", "TWIN-AAAAA-AAAAA-AAAAA-AAAA4")
    assert (unknown.exit_code, "letter by letter" in unknown.output) == (1, True)
    assert "Nobody waits" in run("keys", "serve").output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("set", "nothing", "--seats", "1"), "no product nothing"),
        (("set", "twinspot"), "Nothing to change"),
        (("set", "twinspot", "--activation-limit", "0"), "nobody can use"),
        (("set", "twinspot", "--activation-limit", "many"), "neither a whole number nor none"),
        (("set", "twinspot", "--prefix", "low er"), "capital letters"),
        (("set", "twinspot", "--license-until", "soon"), "2027-12-31"),
        (("set", "twinspot", "--pool-very-low-at", "50"), "fewer keys"),
        (("set", "twinspot", "--edition", "Huge", "--seats", "1"), "no edition Huge"),
        (("set", "twinspot", "--edition", "Team", "--download-days", "1"), "of its own only"),
        (("set", "soft-taps", "--key-source", "pool"), "grants a license"),
    ],
)
def test_refuses_settings_that_cannot_be(run: Any, words: tuple[str, ...], said: str) -> None:
    done = run("products", *words)
    assert done.exit_code in (1, 2)
    assert said in done.output


def test_shows_and_clears_settings(run: Any) -> None:
    assert (
        run("products", "set", "twinspot", "--license-until", "2030-01-31", "--license-days", "30").exit_code == 0
    )
    assert "2030-01-31" in run("products", "show", "twinspot").output
    cleared = run("products", "set", "twinspot", "--license-until", "none", "--license-days", "none", "--json")
    assert '"license_until": null' in cleared.output
    assert "twinspot" in run("products", "list").output
    assert run("products", "set", "twinspot", "--edition", "Team", "--activation-limit", "99").exit_code == 0
    assert "edition Team: activation-limit 99" in run("products", "show", "twinspot").output
