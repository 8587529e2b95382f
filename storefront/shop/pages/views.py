"""`/pages/<slug>`: what an owner has published, for everybody."""

from flask import Blueprint, Response, make_response, render_template, request

from storefront.shop.pages.queries import get_public_page

pages = Blueprint("pages", __name__)


@pages.get("/pages/<slug>", endpoint="page")
def show_page(slug: str) -> Response:
    response = make_response(render_template("shop/pages/page.html", page=get_public_page(slug)))
    response.add_etag()
    response.headers["Cache-Control"] = "private, no-cache"  # the cart's number is one visitor's own
    response.make_conditional(request)
    return response
