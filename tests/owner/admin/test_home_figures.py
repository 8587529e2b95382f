"""The home page's figures: an empty shop, one order, a choice of time, and the same by command."""

import pytest
from click.testing import CliRunner
from flask import Flask

from storefront.owner.people.models import Role
from tests.cli.commands import done, read_json, refused
from tests.payments.reconcile.sales import run
from tests.support.goods import make_edition
from tests.support.people import make_person, sign_in_at_admin
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
    run(app)
    page = browser.get("/admin?span=today").text
    assert "said yet what it keeps" not in page
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
    assert "the fee of 1 orders" in done(command, "figures", "--span", "today")
    run(app)
    read = read_json(command, "figures", "--span", "7")
    (dollars,) = read["currencies"]
    assert (read["zone"], dollars["currency"], dollars["orders"]) == ("UTC", "usd", 1)
    assert (dollars["gross_minor"], dollars["fee_minor"], dollars["net_minor"]) == (1900, 85, 1815)
    assert [part["name"] for part in dollars["product"]] == ["Twinspot"]
    assert len(dollars["days"]) == 1
    assert "Write days like" in refused(command, "figures", "--first", "soon")
