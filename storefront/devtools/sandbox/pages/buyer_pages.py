"""Pages a buyer reaches by an address: a payment link, its thanks, a charge's receipt."""

import time

from flask import Blueprint, Response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from storefront.devtools.sandbox.api.errors import StripeApiError
from storefront.devtools.sandbox.checkout.payment_links import find_link_by_code, visit
from storefront.devtools.sandbox.money import plain
from storefront.devtools.sandbox.payments.receipts import Receipt, find_receipt
from storefront.devtools.sandbox.storage.store import current_store

POLICY = "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; frame-ancestors 'none'"
_INACTIVE = "This link is no longer active."

buyer_pages = Blueprint("buyer_pages", __name__)


@buyer_pages.after_request
def protect(answer: Response) -> Response:
    answer.headers["Content-Security-Policy"] = POLICY
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


@buyer_pages.get("/b/<code>")
def open_link(code: str) -> ResponseReturnValue:
    """Every visit makes a new Checkout Session; HEAD only looks."""
    with current_store().work(base_url=request.host_url.rstrip("/")) as work:
        link = find_link_by_code(work, code)
        if link is None:
            return _notice("Link not found", "There is no payment link at this address.", 404)
        if not link.body["active"]:
            return _notice("Link not active", link.body["inactive_message"] or _INACTIVE, 410)
        if request.method == "HEAD":
            return "", 200
    return _to_the_form(code)


def _to_the_form(code: str) -> ResponseReturnValue:
    """In its own transaction: prices that cannot be sold leave nothing behind."""
    try:
        with current_store().work(base_url=request.host_url.rstrip("/")) as work:
            link = find_link_by_code(work, code)
            if link is None:
                return _notice("Link not found", "There is no payment link at this address.", 404)
            session = visit(work, link, request.args.to_dict())
    except StripeApiError as error:
        return _notice("Link not usable", error.message, 400)
    return redirect(session.body["url"], 303)


@buyer_pages.get("/b/<code>/thanks")
def thanks(code: str) -> ResponseReturnValue:
    """Where a link without a redirect leads after paying."""
    with current_store().work() as work:
        link = find_link_by_code(work, code)
    if link is None:
        return _notice("Link not found", "There is no payment link at this address.", 404)
    message = (link.body["after_completion"].get("hosted_confirmation") or {}).get("custom_message")
    return _notice("Thanks for your payment", message or "You may close this page.", 200)


@buyer_pages.get("/receipts/payment/<charge_id>")
def show_receipt(charge_id: str) -> ResponseReturnValue:
    """Only paid charges have one."""
    with current_store().work() as work:
        found = find_receipt(work, charge_id)
    if found is None:
        return _notice("Receipt not found", "There is no receipt at this address.", 404)
    return render_template("devtools/sandbox/receipt.html", receipt=found, rows=_rows(found))


def _rows(receipt: Receipt) -> list[tuple[str, str]]:
    """What the receipt says below its lines."""

    def money(amount: int) -> str:
        return plain(amount, receipt.currency)

    rows = [("Amount paid", money(receipt.amount))]
    if receipt.refunded:
        rows.append(("Refunded", money(receipt.refunded)))
    paid_at = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(receipt.paid_at))
    return [*rows, ("Date paid", paid_at), ("Payment method", receipt.method)]


def _notice(title: str, message: str, status: int) -> ResponseReturnValue:
    return render_template("devtools/sandbox/notice.html", title=title, message=message), status
