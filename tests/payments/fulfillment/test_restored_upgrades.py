"""After a database is put back to an earlier day, an upgrade goes to the license that it was sold for."""

from datetime import timedelta

import pytest
import time_machine
from flask import Flask

from storefront.core import clock
from tests.payments.reconcile.sales import run
from tests.support.restore import back_up
from tests.support.rows import change_rows, read_rows
from tests.support.sale import sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import make_event, post_event
from tests.support.upgrades import add_studio, allow_upgrade, pay_upgrade, start_upgrade

UPGRADED = (
    "SELECT u.state, o.email FROM upgrades u LEFT JOIN order_items i ON i.id = u.upgraded_item_id "
    "LEFT JOIN orders o ON o.id = i.order_id ORDER BY u.id"
)
ALICE, BOB = "alice@example.com", "bob@example.com"


def begin(app: Flask, sandbox: SandboxClient) -> None:
    """Sell one upgrade, so that Stripe has its price."""
    allow_upgrade(app)
    first = sell(app, sandbox, email="first@example.com")
    pay_upgrade(first, start_upgrade(first))


def sell_later(app: Flask, sandbox: SandboxClient, *, seconds: int) -> None:
    with time_machine.travel(clock.now() + timedelta(seconds=seconds), tick=True):
        sell(app, sandbox, email=BOB)


def test_upgrades_the_license_that_was_meant_where_it_is_paid_after_a_restore(
    app: Flask, sandbox: SandboxClient
) -> None:
    begin(app, sandbox)
    put_back = back_up(app)
    alice = sell(app, sandbox, email=ALICE)
    sell_later(app, sandbox, seconds=5)
    upgrade = start_upgrade(alice)
    put_back()
    run(app)
    sandbox.pay(upgrade, email=ALICE)
    for _ in range(2):
        assert post_event(app, make_event("checkout.session.completed", upgrade)).status_code == 200
    assert read_rows(app, UPGRADED)[1:] == [{"state": "applied", "email": ALICE}]


def test_upgrades_the_license_that_was_meant_where_a_pass_finds_the_upgrade_first(
    app: Flask, sandbox: SandboxClient
) -> None:
    """Stripe lists the newest first, so the order of the license is not here yet."""
    begin(app, sandbox)
    put_back = back_up(app)
    alice = sell(app, sandbox, email=ALICE)
    with time_machine.travel(clock.now() + timedelta(seconds=5), tick=True):
        pay_upgrade(alice, start_upgrade(alice), email=ALICE)
    sell_later(app, sandbox, seconds=15)
    put_back()
    run(app)
    assert read_rows(app, UPGRADED)[1:] == [{"state": "applied", "email": ALICE}]
    assert len(read_rows(app, "SELECT id FROM orders")) == 5
    assert read_rows(app, "SELECT text FROM notices WHERE kind = 'upgrade_unused'") == []


@pytest.mark.parametrize("is_license_kept", [True, False])
def test_upgrades_twice_where_a_pass_finds_the_second_upgrade_first(
    app: Flask, sandbox: SandboxClient, is_license_kept: bool
) -> None:
    """Personal, Team, Studio: what the second one stands on is not here yet."""
    begin(app, sandbox)
    add_studio(app)
    other = sell(app, sandbox, email=BOB)
    pay_upgrade(other, start_upgrade(other))
    pay_upgrade(other, start_upgrade(other))
    put_back = back_up(app)
    alice = sell(app, sandbox, email=ALICE)
    if is_license_kept:
        put_back = back_up(app)
    for _ in range(2):
        with time_machine.travel(clock.now() + timedelta(seconds=5), tick=True):
            pay_upgrade(alice, start_upgrade(alice), email=ALICE)
    put_back()
    run(app)
    assert read_rows(app, UPGRADED)[3:] == [{"state": "applied", "email": ALICE}] * 2
    assert read_rows(app, "SELECT text FROM notices WHERE kind = 'upgrade_unused'") == []


def test_upgrades_the_license_of_an_order_that_waited_for_its_bank_at_the_backup(
    app: Flask, sandbox: SandboxClient
) -> None:
    """The upgrade's event comes before any pass has learned that the bank has paid."""
    begin(app, sandbox)
    alice = sell(app, sandbox, email=ALICE, payment_method="ach_success")
    put_back = back_up(app)
    sandbox.settle(alice.payment().id)
    alice.deliver("checkout.session.")
    upgrade = start_upgrade(alice)
    put_back()
    sandbox.pay(upgrade, email=ALICE)
    for _ in range(2):
        post_event(app, make_event("checkout.session.completed", upgrade))
    assert read_rows(app, UPGRADED)[1:] == [{"state": "applied", "email": ALICE}]
    run(app)
    assert read_rows(app, "SELECT text FROM notices") == []


def begin_as_before(app: Flask, sandbox: SandboxClient) -> tuple[str, str]:
    """Begin an upgrade as the version before did, by the number alone; also return the link of what it is for."""
    sale = sell(app, sandbox, email=ALICE)
    session_id = start_upgrade(sale)
    sandbox.stripe.v1.checkout.sessions.update(session_id, {"metadata": {"upgrade_of": ""}})
    metadata = sandbox.stripe.v1.checkout.sessions.retrieve(session_id).metadata
    assert metadata is not None
    assert metadata.to_dict().get("upgrade_of") is None
    return session_id, sale.session_id


def test_upgrades_by_the_number_of_an_older_version(app: Flask, sandbox: SandboxClient) -> None:
    begin(app, sandbox)
    upgrade, _sold = begin_as_before(app, sandbox)
    sandbox.pay(upgrade, email=ALICE)
    post_event(app, make_event("checkout.session.completed", upgrade))
    assert read_rows(app, UPGRADED)[1:] == [{"state": "applied", "email": ALICE}]


def test_believes_no_number_of_an_older_version_that_a_younger_order_has(
    app: Flask, sandbox: SandboxClient
) -> None:
    begin(app, sandbox)
    upgrade, sold = begin_as_before(app, sandbox)
    # As after a restore: the order that has the number came later, and is another buyer's.
    later = str(clock.now() + timedelta(minutes=5))
    change_rows(
        app, f"UPDATE orders SET email = '{BOB}', created_at = :at WHERE checkout_session_id = '{sold}'", at=later
    )
    sandbox.pay(upgrade, email=ALICE)
    post_event(app, make_event("checkout.session.completed", upgrade))
    assert read_rows(app, UPGRADED)[1:] == [{"state": "unknown", "email": None}]
    (notice,) = read_rows(app, "SELECT kind, text FROM notices")
    assert notice["kind"] == "upgrade_unused"
    assert "names no license of this shop" in notice["text"]
