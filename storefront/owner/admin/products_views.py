"""`/admin/products`: every product, and a new one."""

from flask import flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from storefront.owner.admin.blueprint import admin, needs
from storefront.owner.people.roles import Permission
from storefront.owner.products.listing import list_all_products
from storefront.shop.editor.order import move_product, move_product_by
from storefront.shop.editor.products import create_product
from storefront.shop.editor.refusals import ProductRefused

STEPS = {"up": -1, "down": 1}
MOST_DIGITS = 6


@admin.get("/products")
@needs(Permission.SHOP)
def products() -> ResponseReturnValue:
    return render_template("owner/products/list.html", products=list_all_products(), problem=("", "", ""))


@admin.get("/products/new")
@needs(Permission.SHOP)
def new_product() -> ResponseReturnValue:
    return render_template("owner/products/new.html", name="", slug="", problems={})


@admin.post("/products")
@needs(Permission.SHOP)
def make_product() -> ResponseReturnValue:
    name, slug = request.form.get("name", ""), request.form.get("slug", "").strip()
    try:
        new_slug = create_product(name, slug=slug)
    except ProductRefused as refusal:
        page = render_template(
            "owner/products/new.html", name=name[:1000], slug=slug[:200], problems=refusal.problems
        )
        return make_response(page, 400)
    flash("Your product is a draft: nobody sees it until you publish it.", "good")
    return redirect(url_for("admin.edit_product", slug=new_slug), 303)


@admin.post("/products/<slug>/move")
@needs(Permission.SHOP)
def move_product_here(slug: str) -> ResponseReturnValue:
    """Show it one place earlier or later, or at the place that was typed."""
    step, typed = STEPS.get(request.form.get("to", "")), request.form.get("position", "").strip()
    try:
        is_new = move_product_by(slug, step) if step else move_product(slug, _read_place(typed))
    except ProductRefused as refusal:
        problem = (slug, typed[:20], refusal.message)
        return make_response(
            render_template("owner/products/list.html", products=list_all_products(), problem=problem), 400
        )
    flash("Moved." if is_new else "Nothing was changed.", "good")
    return redirect(url_for("admin.products") + f"#{slug}", 303)


def _read_place(typed: str) -> int:
    """Raises ProductRefused."""
    if typed.isascii() and typed.isdecimal() and len(typed) <= MOST_DIGITS:
        return int(typed)
    raise ProductRefused({"position": "Place: write a whole number, like 1 for the first product."})
