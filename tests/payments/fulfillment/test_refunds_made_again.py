"""A refund that came to nothing, and was made again: nothing of it is left for the owner to do."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask

from storefront.orders.made_again import find_made_again
from tests.support.sale import Sale, sell
from tests.support.sandbox_client import SandboxClient

EVENTS = ("checkout.session.", "refund.", "charge.refund")


@pytest.fixture
def sale(app: Flask, sandbox: SandboxClient) -> Sale:
    return sell(app, sandbox, number="4000000000007726")


def refund(sale: Sale, **how: Any) -> str:
    made = sale.refund(**how)
    sale.deliver(*EVENTS)
    return made


def end(sale: Sale, made: str, result: str) -> None:
    sale.sandbox.control(f"refunds/{made}/settle", result=result)
    sale.deliver(*EVENTS)


@pytest.mark.parametrize(
    ("again", "open_notices"),
    [
        ({"amount": 500}, []),
        ({"amount": 600}, []),
        ({"amount": 400}, ["refund_failed"]),
        ({"amount": 500, "metadata": {"storefront_items": "7"}}, ["refund_failed"]),
    ],
)
def test_leaves_the_owners_list_once_a_part_is_refunded_again(
    sale: Sale, again: dict[str, Any], open_notices: list[str]
) -> None:
    end(sale, refund(sale, amount=500), "failed")
    assert sale.open_notices() == ["refund_failed"]
    later = refund(sale, **again)
    assert sale.open_notices() == open_notices
    end(sale, later, "failed")
    assert sale.open_notices() == ["refund_failed"] * 2


@dataclass(frozen=True, slots=True)
class Made:
    """A refund of the `day`-th; `f1` failed, `g2` gave money back."""

    id: str
    day: int
    amount_minor: int = 500
    items: frozenset[int] = frozenset()

    @property
    def counts(self) -> bool:
        return self.id.startswith("g")

    @property
    def created_at(self) -> datetime:
        return datetime(2026, 11, self.day, tzinfo=UTC)


def test_makes_nothing_good_before_it_fails() -> None:
    assert find_made_again([Made("g1", 1), Made("f2", 2)]) == set()


def test_stands_for_one_alone_where_no_items_are_named() -> None:
    assert find_made_again([Made("g3", 3), Made("f2", 2), Made("f1", 1)]) == {"f1"}
    assert find_made_again([Made("g3", 3), Made("f2", 2), Made("g4", 4), Made("f1", 1)]) == {"f1", "f2"}


def test_stands_for_every_try_with_the_same_items() -> None:
    tries = [Made(name, day, items=frozenset({1})) for name, day in (("f1", 1), ("f2", 2), ("g3", 3))]
    assert find_made_again(tries) == {"f1", "f2"}
    assert find_made_again([*tries, Made("f4", 1, items=frozenset({2}))]) == {"f1", "f2"}
