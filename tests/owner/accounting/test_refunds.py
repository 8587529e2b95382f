"""A refund takes the tax of the items that it names; any other takes a part of what is left, to the cent."""

import random
from collections import defaultdict
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask

from storefront.core import clock
from storefront.core.db import db
from storefront.owner.accounting.orders import _refunded
from storefront.owner.accounting.periods import quarter_of
from storefront.owner.accounting.refunds import Refunded, Unrefunded, rate_of
from storefront.owner.accounting.taxes import Line, Share, TaxPart, split
from storefront.payments.fulfillment.refund import refund_order
from tests.owner.accounting.reading import Row, read_file, read_quarter_of
from tests.payments.reconcile.sales import run
from tests.support.databases import BOTH
from tests.support.goods import change_product, make_edition
from tests.support.rows import change_rows, read_rows
from tests.support.sale import Sale, number_of, sell
from tests.support.sandbox_client import SandboxClient

both = pytest.mark.parametrize("engine", BOTH, indirect=True)
Sums = dict[str, tuple[int, int]]
PROGRAM, BOOK = ("twinspot", "Personal"), ("the-patient-toolmaker", "")
TAX_CODES = {"twinspot": "txcd_10202003", "the-patient-toolmaker": "txcd_10302000"}


@pytest.fixture
def environment(environment: dict[str, str]) -> dict[str, str]:
    return environment | {"STRIPE_TAX": "true"}


def sell_both(app: Flask, sandbox: SandboxClient, **how: object) -> Sale:
    """A program at 20 % and a book at 5.5 %, in France: 22.80 and 14.77."""
    for slug, tax_code in TAX_CODES.items():
        change_product(app, slug, tax_code=tax_code, tax_behavior="exclusive")
    return sell(app, sandbox, PROGRAM, BOOK, country="FR", **how)


def give_back(app: Flask, sale: Sale, *positions: int, amount: str | None = None) -> None:
    with app.app_context():
        refund_order(number_of(sale), positions=positions, amount=amount)
        db.session.remove()


def owed(app: Flask) -> Sums:
    """Rate -> taxable amount and tax of the quarter, where there are any."""
    oss = read_quarter_of(app, quarter_of(clock.now().date()))
    assert oss.untaxed == ()
    return {str(line.rate): (line.taxable.minor, line.tax.minor) for line in oss.supplies if line.taxable.minor}


def refunds_in(rows: list[Row]) -> list[tuple[str, ...]]:
    names = ("product", "quantity", "net", "tax", "total", "rate")
    return [tuple(row[name] for name in names) for row in rows if row["kind"].startswith("refund")]


@both
def test_takes_the_tax_of_the_item_that_is_named(app: Flask, sandbox: SandboxClient) -> None:
    sale = sell_both(app, sandbox)
    give_back(app, sale, 2)
    book = ("The Patient Toolmaker", "", "-14.00", "-0.77", "-14.77", "5.5")
    assert refunds_in(read_file(app)) == [book]  # not booked yet
    run(app)
    assert refunds_in(read_file(app)) == [book]
    assert owed(app) == {"20": (1900, 380)}


@pytest.mark.parametrize(("currency", "step", "net"), [("isk", 100, "-1417.00"), ("kwd", 10, "-14.170")])
def test_tells_rates_apart_where_taxes_come_in_steps(
    app: Flask, sandbox: SandboxClient, currency: str, step: int, *, net: str
) -> None:
    """1995 with 20 % in it and 1495 with 5.5 %: their taxes are 333 and 78 steps, and miss the rates by a half."""
    for slug, steps in (("twinspot", 1995), ("the-patient-toolmaker", 1495)):
        change_product(app, slug, tax_code=TAX_CODES[slug], tax_behavior="inclusive")
        make_edition(app, slug, "Far", steps * step, currency)
    sale = sell(app, sandbox, ("twinspot", "Far"), ("the-patient-toolmaker", "Far"), country="FR")
    assert [row["rate"] for row in read_file(app) if row["kind"] == "sale"] == ["20", "5.5"]
    give_back(app, sale, 2)
    run(app)
    (refund,) = refunds_in(read_file(app))
    assert (refund[0], refund[2], refund[-1]) == ("The Patient Toolmaker", net, "5.5")
    assert owed(app) == {"20": (1662 * step, 333 * step)}


def test_leaves_nothing_untaxed_of_what_was_rounded_to_a_step(app: Flask, sandbox: SandboxClient) -> None:
    change_product(app, "twinspot", tax_code=TAX_CODES["twinspot"], tax_behavior="inclusive")
    make_edition(app, "twinspot", "Far", 199500, "isk")
    sell(app, sandbox, ("twinspot", "Far"), country="FR")
    run(app)
    rounded_down = """replace(taxes, '"taxable_minor": 166200', '"taxable_minor": 166100')"""
    change_rows(app, f"UPDATE orders SET taxes = {rounded_down}")
    assert owed(app) == {"20": (166200, 33300)}


def test_takes_the_rest_of_what_was_not_given_back(app: Flask, sandbox: SandboxClient) -> None:
    sale = sell_both(app, sandbox)
    give_back(app, sale, 2)
    sandbox.advance(60)  # Stripe's times are of seconds
    give_back(app, sale, amount="11.40")
    run(app)
    assert refunds_in(read_file(app))[1:] == [("", "", "-9.50", "-1.90", "-11.40", "20")]
    assert owed(app) == {"20": (950, 190)}
    give_back(app, sale)
    run(app)
    assert owed(app) == {}


def test_shares_another_amount_over_all_items(app: Flask, sandbox: SandboxClient) -> None:
    sale = sell_both(app, sandbox)
    give_back(app, sale, 2, amount="10.00")
    run(app)
    assert refunds_in(read_file(app)) == [("", "", "-8.79", "-1.21", "-10.00", "")]
    assert owed(app) == {"20": (1900 - 506, 380 - 101), "5.5": (1400 - 373, 77 - 20)}


def test_takes_a_refund_back_that_failed(app: Flask, sandbox: SandboxClient) -> None:
    sale = sell_both(app, sandbox)
    give_back(app, sale, 2)
    failed = sale.at_charge("refund", outcome="failed", amount=2280)
    sandbox.stripe.v1.refunds.update(failed, {"metadata": {"storefront_items": "1"}})
    run(app)
    rows = refunds_in(read_file(app))
    book = ("The Patient Toolmaker", "", "-14.00", "-0.77", "-14.77", "5.5")
    tool = [("Twinspot", "", f"{sign}19.00", f"{sign}3.80", f"{sign}22.80", "20") for sign in ("-", "")]
    assert sorted(rows) == sorted([book, *tool])
    assert owed(app) == {"20": (1900, 380)}


def test_owes_nothing_of_an_item_with_reverse_charge(app: Flask, sandbox: SandboxClient) -> None:
    sale = sell_both(app, sandbox, tax_id={"type": "eu_vat", "value": "FR000000000"})
    give_back(app, sale, 2)
    run(app)
    assert owed(app) == {}
    oss = read_quarter_of(app, quarter_of(clock.now().date()))
    assert sum(line.taxable.minor for line in oss.reverse_charge) == 1900
    assert refunds_in(read_file(app)) == [("The Patient Toolmaker", "", "-14.00", "0.00", "-14.00", "")]


@both
def test_fills_in_what_an_older_version_did_not_keep(app: Flask, sandbox: SandboxClient) -> None:
    sale = sell_both(app, sandbox)
    give_back(app, sale, 2)
    run(app)
    change_rows(app, "UPDATE refunds SET positions = NULL")
    lines = read_rows(app, "SELECT what, detail FROM order_changes")
    (fixed,) = run(app).fixed
    assert "a refund of $14.77 names other items at Stripe" in fixed.text
    assert read_rows(app, "SELECT what, detail FROM order_changes") == lines
    assert owed(app) == {"20": (1900, 380)}
    assert run(app).fixed == ()


def test_keeps_nothing_of_a_refund_that_names_no_item(app: Flask, sandbox: SandboxClient) -> None:
    give_back(app, sell_both(app, sandbox), amount="5.00")
    run(app)
    assert read_rows(app, "SELECT positions FROM refunds WHERE positions IS NULL") == [{"positions": None}]


def part(percentage: str | None, amount: int, taxable: int | None, **how: bool) -> TaxPart:
    return TaxPart(
        country="FR",
        state=None,
        percentage=None if percentage is None else Decimal(percentage),
        amount_minor=amount,
        taxable_minor=taxable,
        is_reverse_charge=how.get("is_reverse_charge", False),
    )


def line(position: int, net: int, tax: int) -> Line:
    return Line(
        position=position,
        product=f"Item {position}",
        edition="",
        quantity=1,
        discount_minor=0,
        tax_minor=tax,
        total_minor=net + tax,
    )


def order(*taxes: TaxPart, lines: list[Line]) -> Unrefunded:
    return Unrefunded(sold_shares(taxes, lines), lines, step_minor=1)


def sold_shares(taxes: tuple[TaxPart, ...], lines: list[Line]) -> tuple[Share, ...]:
    tax = sum(line.tax_minor for line in lines)
    net = sum(line.total_minor for line in lines) - tax
    return split(taxes, net_minor=net, tax_minor=tax, most_rounded=len(lines))


def by_rate(refund: Refunded) -> dict[Decimal | None, tuple[int, int]]:
    return {
        share.tax.percentage if share.tax else None: (share.net_minor, share.tax_minor) for share in refund.shares
    }


def test_takes_all_of_a_tax_back_with_the_last_refund() -> None:
    left = order(part("19", 361, 1900), lines=[line(1, 1900, 361)])
    assert [left.take(amount, ()).tax_minor for amount in (100, 1000, 1161)] == [16, 160, 185]
    assert left.take(100, ()).tax_minor == 0  # more than the order had
    free = order(lines=[line(1, 0, 0)])
    assert free.take(0, ()).tax_minor == 0


def test_tells_what_bears_no_tax_from_what_does() -> None:
    left = order(part("20", 200, 1000), lines=[line(1, 1000, 200), line(2, 500, 0)])
    free = left.take(500, [2])
    assert (free.tax_minor, rate_of(free), by_rate(free)) == (0, None, {None: (500, 0)})
    assert by_rate(left.take(1200, [1])) == {Decimal(20): (1000, 200)}


def test_takes_an_items_tax_where_nobody_says_its_rate() -> None:
    """Of a state and a county; or where Stripe named no tax, or no rate."""
    lines = [line(1, 1000, 80), line(2, 1000, 0)]
    for taxes in ((part("6", 60, 1000), part("2", 20, 1000)), (), (part(None, 80, None),)):
        left = order(*taxes, lines=lines)
        assert left.take(1000, [2]).tax_minor == 0
        assert left.take(540, ()).tax_minor == 40
        assert left.take(540, ()).tax_minor == 40


def test_takes_an_item_for_a_whole_one_only_once() -> None:
    left = order(part("20", 200, 1000), part("5", 50, 1000), lines=[line(1, 1000, 200), line(2, 1000, 50)])
    assert left.take(1050, [2]).line.product == "Item 2"
    again = left.take(1050, [2])
    assert (again.line.product, by_rate(again)) == ("", {Decimal(20): (875, 175)})


def test_takes_no_more_of_a_rate_than_is_left() -> None:
    """Some was given back by its amount before, of all that was sold: what is missing is taken of the others."""
    left = order(part("20", 200, 1000), part("5", 50, 1000), lines=[line(1, 1000, 200), line(2, 1000, 50)])
    assert by_rate(left.take(450, ())) == {Decimal(20): (200, 40), Decimal(5): (200, 10)}
    assert by_rate(left.take(1050, [2])) == {Decimal(5): (800, 40), Decimal(20): (175, 35)}
    assert by_rate(left.take(750, ())) == {Decimal(20): (625, 125)}


def test_gives_back_what_was_taken_and_no_more_in_any_order() -> None:
    chance = random.Random(1)
    for _ in range(500):
        lines, taxes = some_order(chance)
        sold = sold_shares(taxes, lines)
        left, rest = Unrefunded(sold, lines, step_minor=1), sum(line.total_minor for line in lines)
        gone: dict[TaxPart | None, list[int]] = defaultdict(lambda: [0, 0])
        while rest:
            amount, positions = some_refund(chance, lines, rest)
            rest -= amount
            refund = left.take(amount, positions)
            assert refund.tax_minor == sum(share.tax_minor for share in refund.shares)
            assert amount == sum(share.total_minor for share in refund.shares)
            for share in refund.shares:
                assert min(share.net_minor, share.tax_minor) >= 0
                gone[share.tax][0] += share.net_minor
                gone[share.tax][1] += share.tax_minor
        had = {share.tax: [share.net_minor, share.tax_minor] for share in sold if share.total_minor}
        assert dict(gone) == had


def some_order(chance: random.Random) -> tuple[list[Line], tuple[TaxPart, ...]]:
    rates = [chance.choice(("20", "5.5", "0")) for _ in range(chance.randint(1, 4))]
    nets = [chance.randint(1, 3000) for _ in rates]
    lines = [
        line(place + 1, net, round(net * Decimal(rate) / 100))
        for place, (net, rate) in enumerate(zip(nets, rates, strict=True))
    ]
    taxes = []
    for rate in ("20", "5.5"):
        of = [one for one, its in zip(lines, rates, strict=True) if its == rate]
        tax = sum(one.tax_minor for one in of)
        taxes.append(part(rate, tax, sum(one.total_minor for one in of) - tax))
    return lines, tuple(taxes)


def some_refund(chance: random.Random, lines: list[Line], rest: int) -> tuple[int, list[int]]:
    named = chance.choice(lines)
    if chance.random() < 0.5 and named.total_minor <= rest:
        return named.total_minor, [named.position]
    return chance.randint(1, rest), []


@pytest.mark.parametrize("failing", ["re_1", "re_2"])
def test_keeps_the_taxes_of_refunds_of_which_one_fails_later(failing: str) -> None:
    """What was filed for its quarter stays, and comes back whole in the one in which it failed."""
    lines = [line(1, 1900, 380), line(2, 1400, 77)]
    sold = sold_shares((part("20", 380, 1900), part("5.5", 77, 1400)), lines)

    def taken(failed: str) -> dict[str, Refunded]:
        first = refund_row("re_1", 1477, failed, created_at=1, positions=[2])
        rows: Any = [first, refund_row("re_2", 2280, failed, created_at=2)]
        return _refunded(sold, lines, rows, step_minor=1)

    filed = taken("none")
    assert [filed[name].tax_minor for name in ("re_1", "re_2")] == [77, 380]
    assert taken(failing) == filed


def test_refunds_again_what_came_back() -> None:
    """A refund of the same item, after the first had failed, takes the same tax."""
    lines = [line(1, 1900, 380), line(2, 1400, 77)]
    sold = sold_shares((part("20", 380, 1900), part("5.5", 77, 1400)), lines)
    rows: Any = [
        refund_row("re_1", 1477, "re_1", created_at=1, positions=[2]),
        refund_row("re_2", 1477, "re_1", created_at=4, positions=[2]),
        refund_row("re_3", 2280, "re_1", created_at=5),
    ]
    taken = _refunded(sold, lines, rows, step_minor=1)
    assert [taken[name].tax_minor for name in ("re_1", "re_2", "re_3")] == [77, 77, 380]


def refund_row(
    name: str, amount_minor: int, failed: str, *, created_at: int, positions: list[int] | None = None
) -> SimpleNamespace:
    """As the accounting reads it; whichever `failed` did so at the moment 3."""
    return SimpleNamespace(
        id=name,
        amount_minor=amount_minor,
        status="failed" if name == failed else "succeeded",
        positions=positions,
        created_at=created_at,
        failed_at=3 if name == failed else None,
    )
