"""A sale as Stripe booked it, in a payout."""

from typing import Any

from flask import Flask

from tests.payments.reconcile.sales import run
from tests.support.rows import change_rows, read_rows

PAYOUT = "po_one"
INSERT_PAYOUT = """
INSERT INTO payouts (id, mode, amount_minor, currency, status, is_automatic, is_read, created_at, arrives_at)
SELECT :id, mode, net_minor, currency, 'paid', :yes, :yes, created_at, created_at FROM money_lines
"""


def book_the_sale(app: Flask) -> dict[str, Any]:
    """Take in what Stripe booked for the one paid sale there is; return its line."""
    run(app)
    change_rows(app, INSERT_PAYOUT, id=PAYOUT, yes=True)
    change_rows(app, "UPDATE money_lines SET payout_id = :id", id=PAYOUT)
    (line,) = read_rows(app, "SELECT id, source_id FROM money_lines")
    return dict(line)
