"""The open pages of the shop: the catalog and one product."""

from flask import Blueprint, current_app, render_template
from flask.typing import ResponseReturnValue

from storefront.catalog.products import get_product, list_products
from storefront.catalog.sizes import format_size

catalog = Blueprint("catalog", __name__)
catalog.add_app_template_filter(format_size, "filesize")


@catalog.app_context_processor
def offer_links() -> dict[str, bool]:
    """The header offers the library only in a shop that has one."""
    return {"has_library": "library.library" in current_app.view_functions}


@catalog.get("/", endpoint="catalog")
def show_catalog() -> ResponseReturnValue:
    return render_template("catalog/catalog.html", products=list_products())


@catalog.get("/products/<slug>", endpoint="product")
def show_product(slug: str) -> ResponseReturnValue:
    return render_template("catalog/product.html", page=get_product(slug))
