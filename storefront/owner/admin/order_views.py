"""One order, and what can be done about it: resend, downloads, keys, a decision. Refunds have their own page."""

from datetime import datetime

from flask import flash, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from storefront.buyers.library.resend import Resent, resend
from storefront.core.db import db
from storefront.core.errors import StorefrontError
from storefront.core.tokens import new_token
from storefront.delivery.downloads.counting import count_raises, raise_limit
from storefront.delivery.downloads.raised_words import say_raised
from storefront.delivery.licenses.extend import extend_license
from storefront.delivery.licenses.owner_actions import replace_key, restore_key, withdraw_key
from storefront.delivery.licenses.queries import get_key_in_order
from storefront.orders.decide import decide
from storefront.orders.lookup import get_order
from storefront.orders.models import Decision
from storefront.orders.notices import close_notice_about
from storefront.owner.admin.blueprint import admin, here, needs
from storefront.owner.disputes.answer import list_disputes
from storefront.owner.health.needs_you import say_done
from storefront.owner.history.order import read_history
from storefront.owner.history.undelivered import find_undelivered
from storefront.owner.people.roles import Permission, may
from storefront.payments.fulfillment.fulfill import Look, fulfill_checkout
from storefront.shop.catalog.last_day import end_of_day
from storefront.stripe_api.own_words import link_words

LONGEST_REASON = 200
MOST_DOWNLOADS, MOST_DAYS = 1000, 3650
DECIDED = {
    Decision.WITHDRAW: "The order is withdrawn: nothing of it works any more.",
    Decision.ALLOW: "The order stays open, whatever the payment says.",
    Decision.FOLLOW_PAYMENT: "The order follows its payment again.",
}


class FormRefused(StorefrontError):
    code = "form_refused"
    status = 400
    title = "Something on the form is missing"


@admin.get("/orders/<number>")
@needs(Permission.READ)
def order(number: str) -> ResponseReturnValue:
    """Its keys are masked: who may see them whole is asked at the machine."""
    return order_page(number)


def order_page(number: str, refusal: StorefrontError | None = None) -> ResponseReturnValue:
    row = get_order(number)
    history = read_history(row)
    page = render_template(
        "owner/orders/order.html",
        order=history,
        words=link_words(history.checkout_text or ""),
        raises=count_raises(db.session(), row.id),
        decisions=Decision,
        note_form=new_token(),
        disputes=list_disputes(row),
        undelivered=find_undelivered(row),
        may_help=may(here().role, Permission.ORDERS),
        may_refund=may(here().role, Permission.MONEY),
        error=refusal.message if refusal else "",
        typed=request.form,
    )
    return make_response(page, refusal.status if refusal else 200)


def order_done(number: str, words: str) -> ResponseReturnValue:
    flash(words, "good")
    return redirect(f"/admin/orders/{number}", 303)


@admin.post("/orders/<number>/resend")
@needs(Permission.ORDERS)
def resend_order(number: str) -> ResponseReturnValue:
    to = request.form.get("to", "").strip()
    try:
        resent = resend(
            number, to=to or None, new_link="new_link" in request.form, shown_link=_count("link", 10**6) or None
        )
    except StorefrontError as refusal:
        return order_page(number, refusal)
    return order_done(resent.number, _resent_words(resent))


def _resent_words(resent: Resent) -> str:
    moved = f"The order belongs to {resent.email} now, with its keys and devices. " if resent.has_moved else ""
    if resent.not_sent:
        return f"{moved}There is no receipt to send yet: {resent.not_sent}"
    if resent.was_sent_lately:
        return f"{moved}This email went to {resent.email} within the hour already, so it is not sent twice."
    return f"{moved}An email is on its way to {resent.email}. Every file can be downloaded once more."


@admin.post("/orders/<number>/raise-limit")
@needs(Permission.ORDERS)
def raise_order_limit(number: str) -> ResponseReturnValue:
    try:
        downloads, days = _count("downloads", MOST_DOWNLOADS), _count("days", MOST_DAYS)
        if not downloads and not days:
            raise FormRefused("Type how many downloads or days more.")
        grants = raise_limit(number, downloads=downloads, days=days, raises=_count("raises", 10**6))
    except StorefrontError as refusal:
        return order_page(number, refusal)
    if not grants:
        return order_done(number, "This order has nothing to download, so nothing was changed.")
    return order_done(number, say_raised(number, downloads=downloads, days=days))


def _count(name: str, most: int) -> int:
    typed = request.form.get(name, "").strip() or "0"
    if not (typed.isascii() and typed.isdigit() and len(typed) < 9 and int(typed) <= most):
        raise FormRefused(f"Type a whole number from 0 to {most}.")
    return int(typed)


@admin.post("/orders/<number>/decide")
@needs(Permission.ORDERS)
def decide_on_order(number: str) -> ResponseReturnValue:
    """The list of what needs the owner is renewed; the decision stands where Stripe does not answer, too."""
    try:
        decision = _decision()
        decide(number, decision, because=_because())
    except StorefrontError as refusal:
        return order_page(number, refusal)
    try:
        fulfill_checkout(get_order(number).checkout_session_id, Look.NOW)
    except StorefrontError as error:
        flash(f"The list of what needs you was not renewed: {error.message}", "bad")
    return order_done(number, DECIDED[decision])


def _decision() -> Decision:
    try:
        return Decision(request.form.get("decision", ""))
    except ValueError as error:
        raise FormRefused("Choose what should be true of this order.") from error


def _because() -> str:
    return " ".join(request.form.get("because", "").split())[:LONGEST_REASON]


@admin.post("/orders/<number>/keys/<row:license_id>/<action>")
@needs(Permission.ORDERS)
def change_key(number: str, license_id: int, action: str) -> ResponseReturnValue:
    """`shown` is which key of the license the page showed: a form sent twice does not replace the new one, too.

    By its number, since imported keys may end alike, and of a short one no letter is shown.
    """
    try:
        key, generation = get_key_in_order(get_order(number).number, license_id)
        if request.form.get("shown", "") != str(generation):
            raise FormRefused("This key was replaced meanwhile. Nothing more was changed.")
        words = _change_key(action, key)
    except StorefrontError as refusal:
        return order_page(number, refusal)
    return order_done(number, words)


def _change_key(action: str, key: str) -> str:
    if action == "replace":
        replaced = replace_key(key, because=_because())
        brings = "An email brings" if replaced.is_emailed else "On its day the gift brings"
        return f"{replaced.old_hint} is replaced. {brings} the new key to {replaced.email}."
    if action == "withdraw":
        return f"{withdraw_key(key, because=_because())} is withdrawn: programs refuse it from now on."
    if action == "extend":
        return _extend_key(key)
    if action == "restore":
        return f"{restore_key(key)} works again, on the same devices."
    raise FormRefused("Press one of the buttons of the key.")


def _extend_key(key: str) -> str:
    never = "never" in request.form
    extended = extend_license(key, until=None if never else _last_day(), because=_because())
    if extended.until is None:
        return f"{extended.hint} never expires from now on."
    return f"{extended.hint} works until {extended.until:%B} {extended.until.day}, {extended.until.year}."


def _last_day() -> datetime:
    try:
        return end_of_day(request.form.get("until", ""))
    except ValueError as error:
        raise FormRefused("Choose the last day on which the license works, such as 2027-12-31.") from error


@admin.post("/orders/<number>/notices/<row:notice_id>/done")
@needs(Permission.ORDERS)
def close_order_notice(number: str, notice_id: int) -> ResponseReturnValue:
    try:
        order = get_order(number)
        kind = close_notice_about(notice_id, order_id=order.id, number=order.number)
    except StorefrontError as refusal:
        return order_page(number, refusal)
    return order_done(number, say_done(kind))
