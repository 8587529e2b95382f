"""`/admin/products/<slug>/links`: what an owner copies to sell a product from other sites."""

from flask import render_template, request
from flask.typing import ResponseReturnValue

from storefront.owner.admin.blueprint import admin, needs
from storefront.owner.people.roles import Permission
from storefront.owner.products.buy_links import LinksRefused, read_buy_links
from storefront.shop.cart.views import parse_number


@admin.get("/products/<slug>/links")
@needs(Permission.SHOP)
def buy_links(slug: str) -> ResponseReturnValue:
    """Show the lines, with a code and a quantity if the address has them. Nothing is saved."""
    code, quantity = request.args.get("code", "")[:60], request.args.get("quantity", "") or "1"
    try:
        links, problem = read_buy_links(slug, code=code, quantity=parse_number(quantity.strip())), ""
    except LinksRefused as refused:
        links, problem = read_buy_links(slug, code=code), refused.message
    page = render_template("owner/products/links.html", page=links, quantity=quantity[:20], problem=problem)
    return page, 400 if problem else 200
