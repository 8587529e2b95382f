"""The address of a payment link: every visit opens a Checkout Session."""

from flask import Blueprint, Response, redirect, request
from flask.typing import ResponseReturnValue

from storefront.devtools.sandbox.api.errors import StripeApiError
from storefront.devtools.sandbox.checkout.payment_links import find_link_by_code, visit
from storefront.devtools.sandbox.checkout.recovery import find_recoverable, recover
from storefront.devtools.sandbox.pages.notice import notice
from storefront.devtools.sandbox.pages.policy import PLAIN, protect
from storefront.devtools.sandbox.storage.store import current_store

_INACTIVE = "This link is no longer active."

payment_link = Blueprint("payment_link", __name__)


@payment_link.after_request
def protect_page(response: Response) -> Response:
    return protect(response, PLAIN)


@payment_link.get("/b/<code>")
def open_link(code: str) -> ResponseReturnValue:
    """Make a new Checkout Session for every visit; HEAD only looks."""
    with current_store().work(base_url=request.host_url.rstrip("/")) as work:
        link = find_link_by_code(work, code)
    if link is None:
        return _no_such_link()
    if not link.body["active"]:
        return notice("Link not active", link.body["inactive_message"] or _INACTIVE, 410)
    if request.method == "HEAD":
        return "", 200
    return _to_the_form(code)


def _to_the_form(code: str) -> ResponseReturnValue:
    """Open a Session in a transaction of its own: prices that cannot be sold leave nothing behind."""
    try:
        with current_store().work(base_url=request.host_url.rstrip("/")) as work:
            link = find_link_by_code(work, code)
            if link is None:
                return _no_such_link()
            session = visit(work, link, request.args.to_dict())
    except StripeApiError as error:
        return notice("Link not usable", error.message, 400)
    return redirect(session.body["url"], 303)


@payment_link.get("/r/<code>")
def open_recovered(code: str) -> ResponseReturnValue:
    """Open a copy of an expired Session; HEAD only looks."""
    try:
        with current_store().work(base_url=request.host_url.rstrip("/")) as work:
            expired = find_recoverable(work, code)
            if expired is None:
                return notice("Link not found", "There is no order to go on with at this address.", 404)
            if request.method == "HEAD":
                return "", 200
            session = recover(work, expired)
    except StripeApiError as error:
        return notice("Link not usable", error.message, 400)
    return redirect(session.body["url"], 303)


@payment_link.get("/b/<code>/thanks")
def thanks(code: str) -> ResponseReturnValue:
    """Thank after paying where the link has no redirect."""
    with current_store().work() as work:
        link = find_link_by_code(work, code)
    if link is None:
        return _no_such_link()
    confirmation = link.body["after_completion"].get("hosted_confirmation") or {}
    message = confirmation.get("custom_message") or "You may close this page."
    return notice("Thanks for your payment", message, 200)


def _no_such_link() -> ResponseReturnValue:
    return notice("Link not found", "There is no payment link at this address.", 404)
