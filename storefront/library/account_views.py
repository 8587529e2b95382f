"""`/library`: everything bought with the address that is signed in."""

from flask import Blueprint, g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from storefront.customers.session import find_signed_in
from storefront.library.all_orders import read_owned

account = Blueprint("account", __name__)


@account.before_request
def demand_sign_in() -> ResponseReturnValue | None:
    customer = find_signed_in()
    if customer is None:
        return redirect(url_for("customers.enter_address"), 303)
    g.customer = customer
    return None


@account.get("/library")
def library() -> ResponseReturnValue:
    query = request.args.get("q", "").strip()[:100]
    page = request.args.get("page", "1")
    owned = read_owned(g.customer.id, query=query, page=int(page) if page.isdecimal() and len(page) < 6 else 1)
    answer = make_response(
        render_template("library/library.html", owned=owned, query=query, email=g.customer.email)
    )
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer
