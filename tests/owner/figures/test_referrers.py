"""Figures by referrer: the largest, all others as one, and those without any, whatever names there are."""

from datetime import UTC, date, datetime

import pytest
import time_machine
from flask import Flask

from storefront.owner.figures.count import count_days
from storefront.owner.figures.read import TOP_REFERRERS, Part, read_figures
from storefront.owner.figures.referrers import KEPT_A_DAY, OTHER, bound_names
from storefront.owner.figures.spans import Span
from storefront.owner.figures.sums import Facet, Key, Sums
from tests.support.databases import BOTH
from tests.support.many_orders import copy_order
from tests.support.rows import change_rows, read_rows
from tests.support.sale import sell
from tests.support.sandbox_client import SandboxClient

DAY = date(2026, 3, 27)


def key(name: str, facet: Facet = Facet.REFERRER, currency: str = "usd") -> Key:
    return Key(day=DAY, facet=facet, name=name, currency=currency)


def test_keeps_the_largest_names_of_a_day_and_one_sum_of_all_others() -> None:
    sold = {key(f"site{place}.example"): Sums(orders=1, paid_minor=place) for place in range(KEPT_A_DAY + 3)}
    others = {key("", Facet.ALL): Sums(orders=9), key("eu.example", currency="eur"): Sums(orders=1, paid_minor=1)}
    bounded = bound_names(sold | others)
    assert len(bounded) == KEPT_A_DAY + 1 + len(others)
    assert bounded[key(OTHER)] == Sums(orders=3, paid_minor=0 + 1 + 2)
    assert others.items() <= bounded.items()
    assert bound_names(others) == others


def parts(first: date = DAY, last: date = DAY) -> tuple[Part, ...]:
    return read_figures(Span(first=first, last=last)).currencies[0].parts[Facet.REFERRER]


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_says_the_same_from_rows_and_from_counted_days(app: Flask, sandbox: SandboxClient) -> None:
    sell(app, sandbox)
    at = datetime(2026, 3, 27, 12, tzinfo=UTC)
    times = {"paid_at": at, "placed_at": at}
    text = at.strftime("%Y-%m-%d %H:%M:%S.%f")
    change_rows(app, f"UPDATE orders SET paid_at = '{text}', placed_at = '{text}'")
    with app.app_context(), time_machine.travel(datetime(2026, 3, 29, 9, tzinfo=UTC), tick=False):
        assert parts() == ()  # nobody is known to come from anywhere
    copy_order(app, 3, **times, referrer="blog.example")
    for place in range(TOP_REFERRERS + 1):
        copy_order(app, 1, **times, referrer=f"site{place:02}.example")
    with app.app_context(), time_machine.travel(datetime(2026, 3, 29, 9, tzinfo=UTC), tick=False) as now:
        from_rows = parts()
        assert from_rows[0] == Part(name="blog.example", orders=3, paid_minor=3 * 1900)
        assert [part.name for part in from_rows[1:-2]] == [f"site{place:02}.example" for place in range(9)]
        assert from_rows[-2:] == (
            Part(name="Other", orders=2, paid_minor=2 * 1900),
            Part(name="No referrer", orders=1, paid_minor=1900),
        )
        count_days()
        now.shift(61)
        assert count_days() > 0
        change_rows(app, "UPDATE orders SET referrer = NULL")  # from the sums now, and not from the rows
        assert parts() == from_rows
    assert len(read_rows(app, "SELECT name FROM day_sums WHERE facet = 'referrer'")) == TOP_REFERRERS + 2
