"""`/media`: pictures and samples of products, fonts to type in, and drawn covers."""

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from storefront.shop.media.drawn_cover import get_drawn_cover
from storefront.shop.media.fonts import write_font_face
from storefront.shop.media.sending import send_media
from storefront.web.open_pages import KEEP_FOR_A_YEAR

# Open: a name is the hash of what it names, and what pages show is public.
media = Blueprint("media", __name__, url_prefix="/media")

COVER_SECONDS = 300  # a product may get another name


@media.get("/<name>", endpoint="file")
def send(name: str) -> ResponseReturnValue:
    return send_media(name)


@media.get("/fonts/<name>.css", endpoint="font")
def describe_font(name: str) -> ResponseReturnValue:
    answer = Response(write_font_face(name), mimetype="text/css")
    answer.headers["Cache-Control"] = KEEP_FOR_A_YEAR
    return answer


@media.get("/cover/<slug>.svg", endpoint="cover")
def draw(slug: str) -> ResponseReturnValue:
    answer = Response(get_drawn_cover(slug), mimetype="image/svg+xml")
    answer.headers["Cache-Control"] = f"public, max-age={COVER_SECONDS}"
    answer.add_etag()
    return answer.make_conditional(request)
