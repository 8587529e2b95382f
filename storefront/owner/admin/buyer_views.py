"""One buyer: what belongs to an address, and what the person may ask for, as the commands of `customers`."""

import json

from flask import Response, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from storefront.buyers.account.change_address import move_customer
from storefront.buyers.account.erase import InDispute, erase_address
from storefront.buyers.account.export import export_address
from storefront.buyers.offers.agree import stop_offers_of
from storefront.core.email_addresses import pasted_address
from storefront.core.errors import StorefrontError
from storefront.customers.models import email_key
from storefront.owner.admin.blueprint import admin, here, needs
from storefront.owner.admin.order_views import FormRefused
from storefront.owner.buyers.read import find_buyers, read_buyer
from storefront.owner.people.roles import Permission, may

LONGEST = 254  # letters of an address


@admin.get("/buyers")
@needs(Permission.READ)
def buyers() -> ResponseReturnValue:
    """An address leads to its buyer, and so does a name that one buyer has."""
    typed = request.args.get("email", "").strip()[:LONGEST]
    return _page(pasted_address(typed)) if "@" in typed or not typed else _found_page(typed)


def _found_page(words: str) -> ResponseReturnValue:
    older_than = request.args.get("older_than", "")
    found = find_buyers(words, older_than=older_than)
    if len(found.buyers) == 1 and not older_than and found.older_than is None:
        return redirect(url_for("admin.buyers", email=found.buyers[0].email), 303)
    return render_template("owner/buyers/found.html", words=words, found=found)


@admin.post("/buyers/stop-offers")
@needs(Permission.ORDERS)
def stop_buyers_offers() -> ResponseReturnValue:
    """Only the buyer can agree again."""
    email = _typed("email")
    try:
        stopped = stop_offers_of(email)
    except StorefrontError as refusal:
        return _page(email, refusal)
    flash("They get no more news and offers." if stopped else "They get none already.", "good")
    return redirect(url_for("admin.buyers", email=email), 303)


@admin.post("/buyers/export")
@needs(Permission.MONEY, fresh=True)
def export_buyer() -> ResponseReturnValue:
    email = _typed("email")
    try:
        exported = export_address(email)
    except StorefrontError as refusal:
        return _page(email, refusal)
    answer = Response(json.dumps(exported, indent=2, ensure_ascii=False), mimetype="application/json")
    answer.headers["Content-Disposition"] = 'attachment; filename="buyer.json"'
    return answer


@admin.post("/buyers/move")
@needs(Permission.MONEY, fresh=True)
def move_buyer() -> ResponseReturnValue:
    """Where somebody bought with the new address already, both become one."""
    email, new = _typed("email"), pasted_address(_typed("to"))
    try:
        moved = move_customer(email, new)
    except StorefrontError as refusal:
        return _page(email, refusal)
    flash(f"{moved} {'order belongs' if moved == 1 else 'orders belong'} to {new} now.", "good")
    return redirect(url_for("admin.buyers", email=new), 303)


@admin.post("/buyers/erase")
@needs(Permission.MONEY, fresh=True)
def erase_buyer() -> ResponseReturnValue:
    email = _typed("email")
    try:
        if email_key(pasted_address(_typed("sure"))) != email_key(email):
            raise FormRefused("Nothing was erased. Type the buyer's address once more to erase it.")
        erased = erase_address(email, even_in_dispute=_typed("even_in_dispute") == "yes")
    except StorefrontError as refusal:
        return _page(email, refusal)
    flash(
        f"Erased. {erased.orders} orders, {erased.devices} devices and {erased.mails} emails name nobody now. "
        "Stripe keeps its own record, which its Dashboard can redact.",
        "good",
    )
    return redirect(url_for("admin.buyers"), 303)


def _typed(name: str) -> str:
    return request.form.get(name, "").strip()[:LONGEST]


def _page(email: str, refusal: StorefrontError | None = None) -> ResponseReturnValue:
    buyer, unknown = None, None
    try:
        buyer = read_buyer(email) if email else None
    except StorefrontError as error:
        unknown = error
    shown = refusal or unknown
    page = render_template(
        "owner/buyers/buyer.html",
        email=email,
        buyer=buyer,
        error=shown.message if shown else "",
        to=_typed("to"),
        is_in_dispute=isinstance(refusal, InDispute),
        may_help=may(here().role, Permission.ORDERS),
        may_change=may(here().role, Permission.MONEY),
        is_fresh=here().is_fresh,
        page=url_for("admin.buyers", email=email or None),
    )
    return make_response(page, shown.status if shown else 200)
