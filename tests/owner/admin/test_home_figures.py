"""The home page's figures: an empty shop, one order, a choice of time, and the same by command."""

import pytest
from click.testing import CliRunner
from flask import Flask

from storefront.owner.people.models import Role
from storefront.shop.profile.change import change_profile
from tests.cli.commands import done, read_json, refused
from tests.payments.reconcile.sales import days_ago, run
from tests.support.goods import make_edition
from tests.support.people import make_person, sign_in_at_admin
from tests.support.rows import change_rows
from tests.support.sale import sell
from tests.support.sandbox_client import SandboxClient


def test_says_that_nothing_was_sold_in_a_shop_that_is_empty(app: Flask) -> None:
    page = sign_in_at_admin(app, make_person(app)).get("/admin").text
    assert "Nothing was sold in this time." in page
    assert '<svg class="chart"' not in page


def test_shows_each_currency_with_its_chart_and_what_stripe_keeps(app: Flask, sandbox: SandboxClient) -> None:
    make_edition(app, "twinspot", "Yen", 3000, "jpy")
    sell(app, sandbox)
    sell(app, sandbox, ("twinspot", "Yen"))
    browser = sign_in_at_admin(app, make_person(app, "one@example.com", Role.READER))
    before = browser.get("/admin").text
    assert before.count("said yet what it keeps of 1 order") == 2
    assert before.count("Not yet known") == 6  # disputes, fee and net, in both currencies
    assert "$0.00" in before  # discounts
    run(app)
    page = browser.get("/admin?span=today").text
    assert "said yet what it keeps" not in page
    assert "Not yet known" not in page
    assert "$18.15" in page  # net
    assert "¥3,000" in page
    assert page.count("<rect ") == 2
    assert page.count('<th scope="row" dir="auto">Twinspot</th>') == 2
    assert 'aria-current="true">Today' in page
    long = browser.get("/admin?first=2025-12-01&last=2027-01-01")
    assert long.text.count("<rect ") == 2


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("span=decade", "Choose one of"),
        ("first=soon", "Write days like"),
        ("first=2026-02-02&last=2026-02-01", "swap"),
    ],
)
def test_says_at_the_form_what_it_cannot_count(app: Flask, asked: str, words: str) -> None:
    answer = sign_in_at_admin(app, make_person(app)).get(f"/admin?{asked}")
    assert answer.status_code == 400
    assert words in answer.text
    assert "Newest orders" in answer.text


def test_prints_the_same_by_command(app: Flask, sandbox: SandboxClient, command: CliRunner) -> None:
    assert "Nothing was sold" in done(command, "figures")
    sell(app, sandbox)
    before = done(command, "figures", "--span", "today")
    assert "the fee of 1 orders" in before
    assert before.count("not yet known") == 3
    unknown = read_json(command, "figures")["currencies"][0]
    assert (unknown["fee_minor"], unknown["net_minor"], unknown["unbooked"]) == (None, None, 1)
    run(app)
    read = read_json(command, "figures", "--span", "7")
    (dollars,) = read["currencies"]
    assert (read["zone"], dollars["currency"], dollars["orders"]) == ("UTC", "usd", 1)
    assert (dollars["gross_minor"], dollars["fee_minor"], dollars["net_minor"]) == (1900, 85, 1815)
    assert [part["name"] for part in dollars["product"]] == ["Twinspot"]
    assert len(dollars["days"]) == 1
    assert "Write days like" in refused(command, "figures", "--first", "soon")


def test_sums_what_is_known_and_says_what_is_open(app: Flask, sandbox: SandboxClient, command: CliRunner) -> None:
    sell(app, sandbox)
    run(app)
    sell(app, sandbox)
    page = sign_in_at_admin(app, make_person(app)).get("/admin?span=today").text
    assert "said yet what it keeps of 1 order: fees and net are without" in page
    assert "$0.85" in page
    assert "Not yet known" not in page


def test_says_of_each_day_what_is_known(app: Flask, sandbox: SandboxClient, command: CliRunner) -> None:
    with days_ago(2):
        sell(app, sandbox)
        run(app)
    sell(app, sandbox)
    (dollars,) = read_json(command, "figures", "--span", "7")["currencies"]
    assert [known["fee_minor"] for known in (dollars, *dollars["days"])] == [85, 85, None]


def test_says_where_disputes_and_fees_are_that_are_booked_in_another_currency(
    app: Flask, sandbox: SandboxClient, command: CliRunner
) -> None:
    sandbox.control("config", settles_in="eur")
    sell(app, sandbox).at_charge("dispute", status="needs_response")
    run(app)
    page = sign_in_at_admin(app, make_person(app)).get("/admin?span=7").text
    assert page.count("In another currency") == 3
    assert "€17.59" in page
    assert done(command, "figures", "--span", "7").count("booked in another currency: see there") == 3
    dollars, euros = read_json(command, "figures", "--span", "7")["currencies"]
    for known in (dollars, *dollars["days"]):
        assert [known[name] for name in ("disputed_minor", "fee_minor", "net_minor")] == [None] * 3
    assert [known["disputed_minor"] for known in (euros, *euros["days"])] == [1759, 1759]


def test_says_where_the_net_of_a_refund_is(app: Flask, sandbox: SandboxClient, command: CliRunner) -> None:
    """Of a sale before this time: nothing of this time says yet that the account has another currency."""
    sandbox.control("config", settles_in="eur")
    with days_ago(20):
        sale = sell(app, sandbox)
    run(app)
    sale.refund(amount=500)
    sale.deliver("refund.")
    assert done(command, "figures", "--span", "7").count("not yet known") == 3
    run(app)
    page = sign_in_at_admin(app, make_person(app)).get("/admin?span=7").text
    assert "$5.00" in page
    assert page.count("In another currency") == 3


def test_looks_for_a_refund_in_its_own_currency_where_the_account_has_several(
    app: Flask, sandbox: SandboxClient, command: CliRunner
) -> None:
    """Dollars are refunded, and euros sold meanwhile: neither is ever changed into the other."""
    make_edition(app, "twinspot", "Far", 1800, "eur")
    with days_ago(20):
        sale = sell(app, sandbox)
    run(app)
    sell(app, sandbox, ("twinspot", "Far"))
    run(app)
    sale.refund(amount=500)
    sale.deliver("refund.")
    assert done(command, "figures", "--span", "7").count("not yet known") == 3
    run(app)
    text = done(command, "figures", "--span", "7")
    assert "-$5.00" in text
    assert "another currency" not in text


def test_begins_with_disputes_by_their_last_day_and_says_times_of_the_shop(
    app: Flask, sandbox: SandboxClient, command: CliRunner
) -> None:
    first, second = (sell(app, sandbox) for _ in range(2))
    later, sooner = (sale.at_charge("dispute", status="needs_response") for sale in (first, second))
    first.deliver("charge.dispute.")
    change_rows(app, f"UPDATE disputes SET respond_by = '2026-12-01 23:30:00.000000' WHERE id = '{sooner}'")
    change_rows(app, "UPDATE orders SET placed_at = '2026-11-01 23:30:00.000000'")
    with app.app_context():
        change_profile({"time_zone": "Europe/Berlin"})
    page = sign_in_at_admin(app, make_person(app)).get("/admin").text
    assert page.index(sooner) < page.index(later) < page.index("figures-title")
    assert "2026-12-02 00:30" in page
    assert page.count(">2026-11-02 00:30</time>") == 2
    assert [notice["subject"] for notice in read_json(command, "needs-you")] == [
        f"{sooner}:dispute",
        f"{later}:dispute",
    ]
    assert "answer until 2026-12-01 23:30 UTC" in done(command, "needs-you")
