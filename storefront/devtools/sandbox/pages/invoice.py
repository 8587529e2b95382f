"""The page of an invoice, at its `hosted_invoice_url`."""

from types import SimpleNamespace

from flask import Blueprint, Response, render_template
from flask.typing import ResponseReturnValue

from storefront.devtools.sandbox.money import plain
from storefront.devtools.sandbox.pages.notice import notice
from storefront.devtools.sandbox.pages.policy import PLAIN, protect
from storefront.devtools.sandbox.storage.records import Json
from storefront.devtools.sandbox.storage.store import current_store

invoice = Blueprint("invoice", __name__)


@invoice.after_request
def protect_page(response: Response) -> Response:
    return protect(response, PLAIN)


@invoice.get("/invoices/<invoice_id>")
@invoice.get("/invoices/<invoice_id>/pdf")
def show_invoice(invoice_id: str) -> ResponseReturnValue:
    """Show it to read; at Stripe the second address is a file."""
    with current_store().work() as work:
        record = work.records.find("invoice", invoice_id)
    if record is None:
        return notice("Invoice not found", "There is no invoice at this address.", 404)
    body = record.body
    shown = SimpleNamespace(
        seller=body["account_name"],
        email=body["customer_email"],
        charge_id=f"Invoice {body['number']}",
        lines=[(line["description"], plain(line["amount"], body["currency"])) for line in body["lines"]["data"]],
    )
    return render_template("devtools/sandbox/receipt.html", receipt=shown, rows=_rows(body))


def _rows(body: Json) -> list[tuple[str, str]]:
    currency = body["currency"]
    rows = [("Total without tax", plain(body["total_excluding_tax"], currency))]
    rows += [(f"Tax ({tax['taxability_reason']})", plain(tax["amount"], currency)) for tax in body["total_taxes"]]
    rows += [(f"Tax ID ({tax_id['type']})", tax_id["value"]) for tax_id in body["customer_tax_ids"]]
    return [*rows, ("Amount paid", plain(body["amount_paid"], currency))]
