"""The receipt of a charge, at the charge's `receipt_url`."""

import time

from flask import Blueprint, Response, render_template
from flask.typing import ResponseReturnValue

from storefront.devtools.sandbox.money import plain
from storefront.devtools.sandbox.pages.notice import notice
from storefront.devtools.sandbox.pages.policy import PLAIN, protect
from storefront.devtools.sandbox.payments.receipts import Receipt, find_receipt
from storefront.devtools.sandbox.storage.store import current_store

receipt = Blueprint("receipt", __name__)


@receipt.after_request
def protect_page(response: Response) -> Response:
    return protect(response, PLAIN)


@receipt.get("/receipts/payment/<charge_id>")
def show_receipt(charge_id: str) -> ResponseReturnValue:
    """Show the receipt; only paid charges have one."""
    with current_store().work() as work:
        paid = find_receipt(work, charge_id)
    if paid is None:
        return notice("Receipt not found", "There is no receipt at this address.", 404)
    return render_template("devtools/sandbox/receipt.html", receipt=paid, rows=_rows(paid))


def _rows(paid: Receipt) -> list[tuple[str, str]]:
    """Return what the receipt says below its lines."""
    rows = [("Amount paid", plain(paid.amount, paid.currency))]
    if paid.refunded:
        rows.append(("Refunded", plain(paid.refunded, paid.currency)))
    paid_at = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(paid.paid_at))
    return [*rows, ("Date paid", paid_at), ("Payment method", paid.method)]
