"""An upgrade is paid once and gives the same key another edition's rights, as long as both orders are open."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from flask import Flask

from storefront.core import clock
from tests.support.databases import BOTH
from tests.support.fulfill import look
from tests.support.goods import change_product
from tests.support.rows import change_rows, read_rows
from tests.support.sale import Sale, link_of, number_of, sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer
from tests.support.upgrades import (
    STUDIO,
    add_studio,
    allow_upgrade,
    offers_on,
    pay_upgrade,
    sell_upgrade,
    start_upgrade,
    states,
)

PERSONAL, TEAM = 3, 30  # devices
CHANGED_NOTHING = "This payment changed nothing"


def ask(sale: Sale, what: str = "validate", **fields: str) -> dict[str, Any]:
    """What the license API says of the sale's key."""
    form = {"license_key": sale.keys[0], **fields}
    answer = Buyer(sale.app).client.post(f"/v1/licenses/{what}", data=form, base_url=sale.buyer.base_url)
    body: dict[str, Any] = answer.get_json()
    return body


def devices(sale: Sale) -> int:
    return int(ask(sale)["license_key"]["activation_limit"])


def unused(app: Flask) -> list[str]:
    """Texts of the owner's notices of upgrades that give nothing."""
    rows = read_rows(
        app, "SELECT text FROM notices WHERE kind = 'upgrade_unused' AND closed_at IS NULL ORDER BY id"
    )
    return [str(row["text"]) for row in rows]


def pay_twice(app: Flask, sandbox: SandboxClient) -> tuple[Sale, list[str]]:
    """Return a sale, and two Sessions in two browsers that were both paid for its upgrade."""
    allow_upgrade(app)
    sale = sell(app, sandbox)
    sessions = [start_upgrade(sale), start_upgrade(sale, Buyer(app))]
    for session_id in sessions:
        sandbox.pay(session_id)
    return sale, sessions


def test_gives_the_same_key_the_rights_of_the_other_edition(app: Flask, sandbox: SandboxClient) -> None:
    sale, upgrade = sell_upgrade(app, sandbox)
    assert sale.keys[0] in sale.order_page()
    assert "0 of 30 devices" in sale.words()
    assert offers_on(sale.order_page()) == []
    assert (devices(sale), ask(sale)["meta"]["variant_name"]) == (TEAM, "Team")
    assert f"ending in {sale.keys[0][-5:]}" in upgrade.words()
    assert "Twinspot (upgrade to Team)" in upgrade.words()
    assert len(read_rows(app, "SELECT id FROM licenses")) == 1
    assert (states(app), upgrade.open_notices()) == (["applied"], [])


def test_mails_a_receipt_that_names_the_key_and_holds_none(
    app: Flask, sandbox: SandboxClient, mailbox: Any
) -> None:
    sale, upgrade = sell_upgrade(app, sandbox)
    upgrade.deliver("checkout.session.")
    upgrade.work()
    text = next(m["text"] for m in mailbox.messages() if "upgrade to Team" in m["text"])
    assert f"ending in {sale.keys[0][-5:]} is Team now" in text
    assert sale.keys[0] not in text


def test_sells_it_for_the_difference_or_for_what_the_owner_says(app: Flask, sandbox: SandboxClient) -> None:
    allow_upgrade(app)
    sale = sell(app, sandbox)
    assert [offer.words for offer in offers_on(sale.order_page())] == ["Upgrade to Team, $60.00"]
    allow_upgrade(app, "personal for 30.00 USD")
    assert [offer.words for offer in offers_on(sale.order_page())] == ["Upgrade to Team, $30.00"]
    session = sandbox.stripe.v1.checkout.sessions.retrieve(start_upgrade(sale))
    assert session.metadata is not None
    assert (session.amount_total, session.metadata["upgrade"]) == (3000, "1")
    assert not session.allow_promotion_codes
    for text in ("personal for 30.00 EUR", ""):
        allow_upgrade(app, text)
        assert offers_on(sale.order_page()) == []


@pytest.mark.parametrize("how", ["refund", "dispute"])
def test_takes_the_rights_back_with_the_money_and_keeps_the_devices(
    app: Flask, sandbox: SandboxClient, how: str
) -> None:
    sale, upgrade = sell_upgrade(app, sandbox)
    for number in range(PERSONAL + 1):
        assert ask(sale, "activate", instance_name=f"Computer {number}")["activated"]
    if how == "refund":
        upgrade.refund()
    else:
        upgrade.at_charge("dispute", status="needs_response")
    upgrade.deliver("charge.")
    assert (devices(sale), ask(sale)["meta"]["variant_name"]) == (PERSONAL, "Personal")
    assert ask(sale)["license_key"]["activation_usage"] == PERSONAL + 1
    assert not ask(sale, "activate", instance_name="One more")["activated"]
    assert len(offers_on(sale.order_page())) == (1 if how == "refund" else 0)
    assert unused(app) == []


def test_is_sold_again_after_its_refund(app: Flask, sandbox: SandboxClient) -> None:
    sale, upgrade = sell_upgrade(app, sandbox)
    upgrade.refund()
    upgrade.deliver("charge.")
    pay_upgrade(sale, start_upgrade(sale))
    assert (states(app), devices(sale)) == (["replaced", "applied"], TEAM)


def test_closes_with_the_order_of_its_license_and_the_owner_is_told_of_its_money(
    app: Flask, sandbox: SandboxClient
) -> None:
    sale, upgrade = sell_upgrade(app, sandbox)
    sale.refund()
    sale.deliver("charge.")
    assert ask(sale)["valid"] is False
    [notice] = unused(app)
    assert "$60.00" in notice
    assert CHANGED_NOTHING in upgrade.words()
    upgrade.refund()
    upgrade.deliver("charge.")
    assert unused(app) == []


def test_tells_the_owner_of_what_was_paid_twice_in_two_browsers(app: Flask, sandbox: SandboxClient) -> None:
    sale, sessions = pay_twice(app, sandbox)
    pages = [Buyer(app).land(session_id).text for session_id in sessions]
    assert states(app) == ["applied", "already"]
    assert len(unused(app)) == 1
    assert CHANGED_NOTHING not in pages[0]
    assert CHANGED_NOTHING in pages[1]
    assert devices(sale) == TEAM


@pytest.mark.postgresql
@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_upgrades_once_when_both_are_fulfilled_at_the_same_moment(app: Flask, sandbox: SandboxClient) -> None:
    sale, sessions = pay_twice(app, sandbox)

    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(partial(look, app), sessions * 2))
    assert sorted(outcomes) == ["already_fulfilled"] * 2 + ["fulfilled"] * 2
    assert sorted(states(app)) == ["already", "applied"]
    assert len(unused(app)) == 1
    assert devices(sale) == TEAM


def test_changes_nothing_where_the_license_closed_between_form_and_payment(
    app: Flask, sandbox: SandboxClient
) -> None:
    allow_upgrade(app)
    sale = sell(app, sandbox)
    session_id = start_upgrade(sale)
    sale.refund()
    sale.deliver("charge.")
    upgrade = pay_upgrade(sale, session_id)
    assert (states(app), len(unused(app))) == (["closed"], 1)
    assert CHANGED_NOTHING in upgrade.words()


@pytest.mark.parametrize(("minutes", "state"), [(-1, "closed"), (1, "applied")])
def test_changes_nothing_where_the_license_was_over_when_it_was_paid(
    app: Flask, sandbox: SandboxClient, minutes: int, state: str
) -> None:
    """Nor does it ask when the event of the payment comes, which may be later."""
    allow_upgrade(app)
    sale = sell(app, sandbox)
    session_id = start_upgrade(sale)
    change_rows(app, "UPDATE licenses SET expires_at = :at", at=str(clock.now() + timedelta(minutes=minutes)))
    pay_upgrade(sale, session_id)
    assert (states(app), len(unused(app))) == ([state], 1 if state == "closed" else 0)


def test_waits_for_a_bank_and_is_not_sold_twice_meanwhile(app: Flask, sandbox: SandboxClient) -> None:
    allow_upgrade(app)
    sale = sell(app, sandbox)
    upgrade = pay_upgrade(sale, start_upgrade(sale), payment_method="ach_success")
    assert (devices(sale), states(app)) == (PERSONAL, [])
    offer = offers_on(sale.order_page())[0]
    refused = Buyer(app).post(offer.action, amount_minor=offer.amount_minor)
    assert refused.location.endswith(sale.link)
    change_rows(app, "UPDATE licenses SET expires_at = :at", at=str(clock.now()))  # it worked when they paid
    sandbox.settle(upgrade.payment().id)
    upgrade.deliver("checkout.session.")
    assert (devices(sale), states(app)) == (TEAM, ["applied"])


def test_stands_on_the_upgrade_before_it(app: Flask, sandbox: SandboxClient) -> None:
    sale, first = sell_upgrade(app, sandbox)
    add_studio(app)
    second = pay_upgrade(sale, start_upgrade(sale))
    assert (devices(sale), ask(sale)["meta"]["variant_name"]) == (STUDIO, "Studio")
    first.refund()
    first.deliver("charge.")
    assert (devices(sale), ask(sale)["meta"]["variant_name"]) == (PERSONAL, "Personal")
    assert len(unused(app)) == 1
    assert CHANGED_NOTHING in second.words()
    second.refund()
    second.deliver("charge.")
    assert unused(app) == []


@pytest.mark.parametrize("how", ["refund", "dispute"])
def test_stays_what_was_bought_last_when_the_money_of_an_upgrade_comes_back(
    app: Flask, sandbox: SandboxClient, how: str
) -> None:
    """Personal to Studio was bought while Personal to Team was void: it is Team that gives nothing now."""
    sale, team = sell_upgrade(app, sandbox)
    add_studio(app, "personal, team")
    made = team.refund() if how == "refund" else team.at_charge("dispute", status="needs_response")
    team.deliver("charge.", "refund.")
    [place] = [place for place, offer in enumerate(offers_on(sale.order_page())) if "Studio" in offer.words]
    studio = pay_upgrade(sale, start_upgrade(sale, place=place))
    assert (devices(sale), unused(app)) == (STUDIO, [])
    if how == "refund":
        sandbox.control(f"refunds/{made}/settle", result="failed")
    else:
        sandbox.control(f"disputes/{made}/move", status="won")
    team.deliver("charge.", "refund.")
    assert (devices(sale), ask(sale)["meta"]["variant_name"]) == (STUDIO, "Studio")
    assert CHANGED_NOTHING not in studio.words()
    assert f"This license was upgraded already. {CHANGED_NOTHING}" in team.words()
    [notice] = unused(app)
    assert number_of(team) in notice
    assert "upgraded otherwise meanwhile" in notice
    team.at_charge("refund")
    team.deliver("charge.", "refund.")
    assert (devices(sale), unused(app)) == (STUDIO, [])


def test_upgrades_one_key_of_several(app: Flask, sandbox: SandboxClient) -> None:
    allow_upgrade(app)
    buyer = Buyer(app)
    buyer.add("twinspot", "Personal", 2)
    session_id = buyer.check_out()
    sandbox.pay(session_id)
    buyer.land(session_id)
    sale = sell(app, sandbox, ("soft-taps", "Studio"))
    sale.link = link_of(app, session_id)
    pay_upgrade(sale, start_upgrade(sale, buyer, place=1), buyer)
    words = buyer.get(sale.link).text
    assert ("0 of 3 devices" in words, "0 of 30 devices" in words, len(offers_on(words))) == (True, True, 1)


def test_is_nobody_elses_and_costs_what_the_shop_says(app: Flask, sandbox: SandboxClient) -> None:
    allow_upgrade(app)
    sale, other = sell(app, sandbox), sell(app, sandbox, ("soft-taps", "Studio"))
    offer = offers_on(sale.order_page())[0]
    stranger = Buyer(app)
    foreign = offer.action.replace(sale.link.rpartition("/")[2], other.link.rpartition("/")[2])
    unknown = offer.action.replace(sale.link.rpartition("/")[2], "0" * 32)
    assert stranger.post(foreign, amount_minor=offer.amount_minor).location == other.link
    assert stranger.post(unknown, amount_minor=offer.amount_minor).status_code == 404
    assert sale.buyer.post(offer.action, amount_minor="50").location == sale.link
    assert read_rows(app, "SELECT id FROM prices WHERE upgrades_from_id IS NOT NULL") == []
    start_upgrade(sale)
    [price] = read_rows(app, "SELECT id FROM prices WHERE upgrades_from_id IS NOT NULL")
    assert stranger.post("/checkout/now", price_id=price["id"]).location.startswith("/products/twinspot")
    assert stranger.post("/cart/add", price_id=price["id"]).status_code in (303, 409)
    assert "Your cart is empty" in stranger.get("/cart").text


def test_leads_back_to_the_order_that_it_came_from(app: Flask, sandbox: SandboxClient) -> None:
    allow_upgrade(app)
    sale = sell(app, sandbox)
    session_id = start_upgrade(sale)
    assert sale.buyer.get("/checkout/upgrade").location == sale.link
    assert Buyer(app).get("/checkout/upgrade").location == "/library"
    session = sandbox.stripe.v1.checkout.sessions.retrieve(session_id)
    assert sale.link.rpartition("/")[2] not in str(session)


def test_upgrades_one_key_of_a_quantity_as_a_whole(app: Flask, sandbox: SandboxClient) -> None:
    change_product(app, "twinspot", one_key_per_order_item=True)
    allow_upgrade(app)
    buyer = Buyer(app)
    buyer.add("twinspot", "Personal", 2)
    session_id = buyer.check_out()
    sandbox.pay(session_id)
    buyer.land(session_id)
    sale = sell(app, sandbox, ("soft-taps", "Studio"))
    sale.link = link_of(app, session_id)
    assert [offer.words for offer in offers_on(buyer.get(sale.link).text)] == ["Upgrade to Team, $120.00"]
    upgrade = start_upgrade(sale, buyer)
    assert sandbox.stripe.v1.checkout.sessions.retrieve(upgrade).amount_total == 12000
    pay_upgrade(sale, upgrade, buyer)
    assert f"0 of {2 * TEAM} devices" in buyer.get(sale.link).text
