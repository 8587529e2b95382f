"""No page or export of the owner's reads a table that grows with orders whole: each statement has an index."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from storefront.core.db import db
from tests.support.databases import BOTH
from tests.support.people import make_person, sign_in_at_admin
from tests.support.rows import read_rows
from tests.support.sale import number_of, sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import ADA

# As many rows as orders, or a share of them.
LARGE = (
    "orders|order_items|order_item_parts|order_changes|order_links|order_notes|sent_answers|grants|licenses|activations|downloads"
    "|key_events|retired_keys|refusals|refunds|disputes|dispute_answers|fraud_warnings|notices|outbox|customers"
    "|sign_ins|gifts|gift_links|upgrades|money_lines|audit_entries|stripe_events"
)
WHOLE = re.compile(rf"\bSCAN ({LARGE})(?: AS \w+)?(?: USING .*INDEX .*)?$|\bSeq Scan on ({LARGE})\b", re.MULTILINE)
Asked = dict[str, Any]


@contextmanager
def selects(app: Flask) -> Iterator[Asked]:
    """Collect statements, each with the parameters that it was sent with."""
    asked: Asked = {}

    def keep(_conn: Any, _cursor: Any, sql: str, parameters: Any, *_more: Any) -> None:
        if sql.startswith("SELECT"):
            asked[sql] = parameters

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", keep)
    yield asked
    event.remove(engine, "before_cursor_execute", keep)


def read_whole(app: Flask, asked: Asked) -> list[str]:
    """Return the statements that an engine can only answer by reading a large table from end to end."""
    with app.app_context(), db.engine.connect() as connection:
        is_sqlite = db.engine.dialect.name == "sqlite"
        for name in () if is_sqlite else ("seqscan", "sort", "bitmapscan"):
            connection.exec_driver_sql(f"SET enable_{name} = off")
        explain = "EXPLAIN QUERY PLAN" if is_sqlite else "EXPLAIN"
        found = []
        for sql, parameters in asked.items():
            rows = connection.exec_driver_sql(f"{explain} {sql}", parameters)
            plan = "\n".join(str(row[-1]) for row in rows)
            if not is_sqlite:
                plan = plan.partition("SubPlan")[0]  # hashed, since these tables are small
            is_cut = "LIMIT" in sql and "ORDER BY" in sql and "TEMP B-TREE" not in plan  # SQLite ends at the limit
            if WHOLE.search(plan) and not is_cut:
                found.append(f"{sql}\n{plan}")
    return found


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_reads_no_large_table_whole_for_a_page(app: Flask, sandbox: SandboxClient) -> None:
    sale = sell(app, sandbox, email=ADA, name="Ada Reader")
    made = sale.at_charge("dispute", status="needs_response")
    sale.deliver("checkout.session.completed", "charge.dispute")
    owner = sign_in_at_admin(app, make_person(app))
    with selects(app) as asked:
        for path in (
            "/admin", f"/admin/orders/{number_of(sale)}", "/admin/orders", f"/admin/orders?q={ADA}",
            f"/admin/orders/{number_of(sale)}/answer?answer=key",
            f"/admin/orders?q={sale.keys[0]}", "/admin/orders?q=reader&country=US",
            "/admin/orders?product=twinspot", "/admin/orders?state=disputed",
            f"/admin/buyers?email={ADA}", "/admin/buyers?email=reader",
            f"/admin/disputes/{made}", "/admin/audit", "/admin/audit?verb=dispute.drafted",
            "/admin/accounting?quarter=2026-Q4", "/admin/accounting/export?first=2026-11-01&last=2026-12-31",
        ):  # fmt: skip
            assert owner.get(path, follow_redirects=True).status_code == 200, path
        assert owner.post("/admin/buyers/export", email=ADA).status_code == 200
        owner.post(f"/admin/orders/{number_of(sale)}/notes", note="Called.", form="1")
        assert owner.post("/admin/buyers/erase", email=ADA, sure=ADA).status_code == 303
    assert len(asked) > 50
    assert read_rows(app, "SELECT email FROM orders") == [{"email": ""}]
    assert read_whole(app, asked) == []
