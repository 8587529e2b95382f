"""`/pages/<slug>`: what an owner has published, for everybody."""

from flask import Blueprint, render_template

from storefront.shop.pages.queries import get_public_page
from storefront.web.open_pages import is_open_to_all

pages = Blueprint("pages", __name__)


@pages.get("/pages/<slug>", endpoint="page")
def show_page(slug: str) -> str:
    page = get_public_page(slug)
    is_open_to_all()
    return render_template("shop/pages/page.html", page=page)
