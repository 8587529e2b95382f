"""What the worker asks each minute does not grow with the shop: it reads no table of orders or emails whole."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import event

from storefront.core import clock
from storefront.core.db import db
from storefront.worker import JOBS
from tests.support.sale import COMPLETED, sell
from tests.support.sandbox_client import SandboxClient

LARGE = "orders|order_items|grants|licenses|activations|downloads|outbox|customers|gifts|refunds|stripe_events"
# Partial indexes of what is still to do, which is little.
SMALL = "ix_grants_keyless|ix_stripe_events_unhandled"
# Whole, or all that there is of the running mode, which is as much.
WHOLE = re.compile(
    rf"(SCAN|SEARCH) ({LARGE})(_\d+)?( USING (COVERING )?INDEX (?!{SMALL})\w+)?( \(mode=\?\))?( LEFT-JOIN)?$",
    re.MULTILINE,
)
# The first or last row of an index; the first so many rows.
BOUNDED = re.compile(r"^SELECT (min|max)\(|^SELECT \(SELECT max\(")
SELDOM = {"reconcile"}  # each quarter of an hour


def asked_each_minute(app: Flask) -> dict[str, Any]:
    """Return the statements of a run that follows another one: what is done hourly was done there."""
    asked: dict[str, Any] = {}

    def keep(_conn: Any, _cursor: Any, sql: str, parameters: Any, *_more: Any) -> None:
        asked.setdefault(sql, parameters)

    for minutes in (0, 1):
        asked.clear()
        with app.app_context(), time_machine.travel(clock.now() + timedelta(minutes=minutes), tick=True):
            event.listen(db.engine, "before_cursor_execute", keep)
            for name in JOBS.keys() - SELDOM:
                JOBS[name]()
                db.session.remove()
            event.remove(db.engine, "before_cursor_execute", keep)
    return asked


def read_whole(app: Flask, asked: dict[str, Any]) -> list[str]:
    found = []
    with app.app_context(), db.engine.connect() as connection:
        for sql, parameters in asked.items():
            if sql.startswith(("SELECT", "UPDATE", "DELETE")) and not BOUNDED.match(sql):
                rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", parameters)
                plan = "\n".join(str(row[-1]) for row in rows)
                if WHOLE.search(plan):
                    found.append(f"{sql}\n{plan}")
    return found


def test_reads_no_large_table_whole_each_minute(app: Flask, sandbox: SandboxClient) -> None:
    sell(app, sandbox).deliver(COMPLETED)
    asked = asked_each_minute(app)
    assert len(asked) > 30
    assert read_whole(app, asked) == []


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT id FROM outbox WHERE kind = 'receipt'",
        "SELECT number FROM orders WHERE mode = 'live' AND fulfilled_at IS NULL",
        "DELETE FROM outbox WHERE about IN ('a', 'b')",
        "SELECT count(*) FROM grants",
        "SELECT count(*) FROM grants AS grants_1 WHERE kind = 'license'",
        "SELECT 1 FROM leases LEFT JOIN licenses ON licenses.mode || '' = leases.name",
    ],
)
def test_sees_what_is_read_whole(app: Flask, sql: str) -> None:
    assert len(read_whole(app, {sql: ()})) == 1
