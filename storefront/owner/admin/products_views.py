"""`/admin/products`: every product, and a new one."""

from flask import flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from storefront.owner.admin.blueprint import admin, needs
from storefront.owner.people.roles import Permission
from storefront.owner.products.listing import list_all_products
from storefront.shop.editor.products import create_product
from storefront.shop.editor.refusals import ProductRefused


@admin.get("/products")
@needs(Permission.SHOP)
def products() -> ResponseReturnValue:
    return render_template("owner/products/list.html", products=list_all_products())


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
