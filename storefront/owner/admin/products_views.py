"""`/admin/products`: every product, and a new one."""

from flask import flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from storefront.owner.admin.blueprint import admin, needs
from storefront.owner.admin.product_forms import read_place, shown_order
from storefront.owner.people.roles import Permission
from storefront.owner.products.listing import list_all_products
from storefront.shop.editor.order import move_product, move_product_by
from storefront.shop.editor.places import digest_of_order
from storefront.shop.editor.products import create_product
from storefront.shop.editor.refusals import ProductRefused, StaleOrder

STEPS = {"up": -1, "down": 1}


@admin.get("/products")
@needs(Permission.SHOP)
def products() -> ResponseReturnValue:
    return _list()


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
    step, shown = STEPS.get(request.form.get("to", "")), shown_order(request.form)
    try:
        if step:
            is_new = move_product_by(slug, step, shown=shown)
        else:
            is_new = move_product(slug, read_place(request.form, first="the first product"), shown=shown)
    except ProductRefused as refusal:
        typed = request.form.get("position", "").strip()
        return _list(problem=(slug, typed[:20], refusal.message)), 400
    except StaleOrder as refusal:
        return _list(stale=refusal), refusal.status
    flash("Moved." if is_new else "Nothing was changed.", "good")
    return redirect(url_for("admin.products") + f"#{slug}", 303)


def _list(*, problem: tuple[str, str, str] = ("", "", ""), stale: StaleOrder | None = None) -> str:
    """Render every product. `problem` is a slug, what was typed as its place, and what is wrong with that."""
    products = list_all_products()
    shown = {"order": digest_of_order([product.slug for product in products]), "problem": problem, "stale": stale}
    return render_template("owner/products/list.html", products=products, **shown)
