"""`/looks`: the stylesheet of what the owner chose."""

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from storefront.shop.looks.stylesheet import hash_of, stylesheet_of
from storefront.shop.profile.read import read_profile
from storefront.web.open_pages import KEEP_FOR_A_YEAR

# Open: every page of the shop has it.
looks = Blueprint("looks", __name__, url_prefix="/looks")
looks.add_app_template_global(hash_of, "looks_hash")

ASK_AGAIN = "no-cache"  # for a page that was kept since the looks were others: it gets the newest


@looks.get("/<name>.css", endpoint="stylesheet")
def send_stylesheet(name: str) -> ResponseReturnValue:
    chosen = read_profile().looks
    newest = hash_of(chosen)
    answer = Response(stylesheet_of(chosen), mimetype="text/css")
    answer.set_etag(newest or "none")
    answer.headers["Cache-Control"] = KEEP_FOR_A_YEAR if name == newest else ASK_AGAIN
    return answer.make_conditional(request)
