"""Give something for free in two steps: what and to whom; then what comes of it, with the address to press."""

from flask import flash, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from storefront.core import tokens
from storefront.core.errors import StorefrontError
from storefront.orders.lookup import get_order
from storefront.owner.admin.blueprint import admin, needs
from storefront.owner.orders.giveable import list_giveable
from storefront.owner.people.roles import Permission
from storefront.payments.fulfillment.give import (
    MOST_LINES,
    CannotGive,
    Given,
    Wish,
    give,
    plan_giving,
)

ROWS = 3  # on the form; more at once by command
LONGEST_FORM = 64


@admin.get("/orders/give")
@needs(Permission.MONEY)
def plan_gift_here() -> ResponseReturnValue:
    """With `for` in the address to the buyer of that order."""
    email = get_order(request.args["for"]).email if request.args.get("for") else ""
    return _form(email)


@admin.post("/orders/give/check")
@needs(Permission.MONEY)
def check_gift() -> ResponseReturnValue:
    typed = request.form
    try:
        plan = plan_giving(typed.get("email", ""), _wishes(), because=typed.get("because", ""))
    except StorefrontError as refusal:
        return _form(typed.get("email", ""), refusal)
    return render_template("owner/orders/give_check.html", plan=plan, form=tokens.new_token())


@admin.post("/orders/give")
@needs(Permission.MONEY)
def give_here() -> ResponseReturnValue:
    """`form` came with the page: sent twice, also after Back, it gives once."""
    typed = request.form
    form = typed.get("form", "")[:LONGEST_FORM]
    try:
        if not form:
            raise CannotGive("Look at what will be given first.")
        given = give(typed.get("email", ""), _wishes(), because=typed.get("because", ""), form=form)
    except StorefrontError as refusal:
        return _form(typed.get("email", ""), refusal)
    flash(_words(given), "good")
    return redirect(f"/admin/orders/{given.number}", 303)


def _words(given: Given) -> str:
    if given.is_new:
        return f"Given. An email brings it to {given.email}."
    return "This was given already, as this order. To give it once more within the hour, write another reason."


def _wishes() -> list[Wish]:
    """Rows in which nothing is chosen are left out."""
    names, quantities = request.form.getlist("goods"), request.form.getlist("quantity")
    if len(names) != len(quantities) or len(names) > MOST_LINES:
        raise CannotGive("Choose what to give, and how many of it.")
    return [Wish(name, _number(typed)) for name, typed in zip(names, quantities, strict=True) if name]


def _number(typed: str) -> int:
    typed = typed.strip() or "1"
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 4 else 0


def _form(email: str, refusal: StorefrontError | None = None) -> ResponseReturnValue:
    names, quantities = request.form.getlist("goods"), request.form.getlist("quantity")
    rows = [*zip(names, quantities, strict=False), *[("", "1")] * ROWS]
    page = render_template(
        "owner/orders/give.html",
        email=email,
        because=request.form.get("because", ""),
        rows=rows[: max(ROWS, min(len(names), MOST_LINES))],
        giveable=list_giveable(),
        error=refusal.message if refusal else "",
        wrong=refusal.field if isinstance(refusal, CannotGive) else "",
    )
    return make_response(page, refusal.status if refusal else 200)
