"""`/orders/<token>`: an order's own page, the permanent link in the mails."""

from flask import Blueprint, make_response, render_template
from flask.typing import ResponseReturnValue

from storefront.library.purchase import read_purchase
from storefront.orders.lifecycle import get_order_by_token

# Open: the token in the address is the permission.
library = Blueprint("library", __name__)


@library.get("/orders/<token>")
def order(token: str) -> ResponseReturnValue:
    purchase = read_purchase(get_order_by_token(token))
    answer = make_response(render_template("library/order.html", purchase=purchase))
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer
