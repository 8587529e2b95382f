"""`/admin/discounts`: codes that take something off."""

from flask import flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from storefront.core.errors import NotFound
from storefront.owner.admin.blueprint import admin, needs
from storefront.owner.discounts.listing import ask_uses, get_discount, list_discounts
from storefront.owner.people.roles import Permission
from storefront.owner.products.listing import list_all_products
from storefront.shop.discounts.change import create_discount, stop_discount
from storefront.shop.discounts.typed import FIELDS, DiscountRefused
from storefront.shop.profile.zone import shop_zone

LONGEST_TYPED = 500


@admin.get("/discounts")
@needs(Permission.SHOP)
def discounts() -> ResponseReturnValue:
    return render_template("owner/discounts/list.html", discounts=list_discounts())


@admin.get("/discounts/new")
@needs(Permission.SHOP)
def new_discount() -> ResponseReturnValue:
    return _form()


def _form(refusal: DiscountRefused | None = None) -> ResponseReturnValue:
    """Show the form; after a refusal with what was typed, and why it was not made."""
    html = render_template(
        "owner/discounts/new.html",
        products=list_all_products(),
        typed={name: request.form.get(name, "")[:LONGEST_TYPED] for name in FIELDS},
        chosen=request.form.getlist("products"),
        problems=refusal.problems if refusal else {},
    )
    return make_response(html, refusal.status if refusal else 200)


@admin.post("/discounts")
@needs(Permission.SHOP)
def make_discount() -> ResponseReturnValue:
    typed = {name: request.form.get(name, "") for name in FIELDS}
    try:
        trouble = create_discount(typed, products=request.form.getlist("products"), zone=shop_zone())
    except DiscountRefused as refusal:
        return _form(refusal)
    flash(trouble or "Your discount is made.", "bad" if trouble else "good")
    return redirect(url_for("admin.discount", code=typed["code"].strip().upper()), 303)


@admin.get("/discounts/<code>")
@needs(Permission.SHOP)
def discount(code: str) -> ResponseReturnValue:
    return render_template("owner/discounts/discount.html", discount=get_discount(code), at_stripe=ask_uses(code))


@admin.post("/discounts/<code>/stop")
@needs(Permission.SHOP)
def stop_discount_here(code: str) -> ResponseReturnValue:
    """`shown` is the one that the page showed: a page of before does not stop the next one of this code."""
    try:
        trouble = stop_discount(code, shown=request.form.get("shown", type=int))
        flash(trouble or f"{code.upper()} is stopped.", "bad" if trouble else "good")
    except NotFound:
        get_discount(code)  # one that never was is not found
        flash(f"{code.upper()} was stopped already.", "good")
    return redirect(url_for("admin.discount", code=code.upper()), 303)
