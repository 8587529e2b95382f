"""What an index knows of a state never leaves an order out: the rule decides, over every combination of facts."""

import sqlite3
from itertools import product

from storefront.orders.access import Reason, access
from storefront.orders.disputes import DISPUTE_STATUSES
from storefront.orders.facts import Facts
from storefront.orders.models import Decision
from storefront.orders.narrowing import find_narrowing

YES_NO = (False, True)
AMOUNTS = [(0, 0), (1900, 0), (1900, 900), (1900, 1900)]  # total and refunded
COLUMNS = ("is_paid", "has_failed", "total_minor", "refunded_minor", "is_disputed", "dispute_status", "decision")


def test_is_true_of_every_order_in_its_state() -> None:
    connection = sqlite3.connect(":memory:")
    connection.execute(f"CREATE TABLE orders ({', '.join(COLUMNS)})")
    seen = set()
    statuses = [None, "of tomorrow", *DISPUTE_STATUSES]
    for paid, failed, (total, refunded), disputed, status, decision in product(
        YES_NO, YES_NO, AMOUNTS, YES_NO, statuses, Decision
    ):
        facts = Facts(
            is_paid=paid,
            has_failed=failed,
            is_free=total == 0,
            has_refund=refunded > 0,
            is_fully_refunded=refunded >= total,
            is_disputed=disputed,
            dispute_status=status,
            decision=decision,
        )
        state = access(facts).reason
        seen.add(state)
        narrowing = find_narrowing(state)
        if narrowing is not None:
            row = (paid, failed, total, refunded, disputed, status, decision.value)
            connection.execute("DELETE FROM orders")
            connection.execute("INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?, ?)", row)
            assert connection.execute(f"SELECT 1 FROM orders WHERE {narrowing}").fetchone(), (state, row)
    connection.close()
    assert seen == set(Reason) - {Reason.ITEM_REFUNDED}


def test_reads_all_orders_only_for_what_most_of_them_are() -> None:
    assert [state for state in Reason if find_narrowing(state) is None] == [Reason.PAID, Reason.ITEM_REFUNDED]
