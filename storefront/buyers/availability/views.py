"""Who wants an email when a product is for sale asks on its page, and confirms or ends it by the mailed link."""

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from storefront.buyers.availability.ask import ask_for, confirm, find_request, leave
from storefront.buyers.availability.tell import can_be_bought
from storefront.core.db import db
from storefront.core.email_addresses import is_address
from storefront.core.errors import NotFound
from storefront.core.texts import marked
from storefront.shop.catalog.models import Product
from storefront.shop.catalog.products import MovedPage, get_shown_product
from storefront.shop.translations.read import said
from storefront.web.csrf import csrf
from storefront.web.first_forms import takes_first_form
from storefront.web.flashes import flash
from storefront.web.limits import limiter, most_of_mailed_links

# Open: anybody may ask; the token in the address is the permission for the rest.
availability = Blueprint("availability", __name__)
GONE = marked(
    "We can't find this link. It may have done its work. Copy the complete link from your email to be sure."
)


@availability.post("/products/<slug>/availability")
@takes_first_form
@limiter.limit("5/minute;20/hour")
def ask(slug: str) -> ResponseReturnValue:
    product = _get_shown(slug)
    email = request.form.get("email", "").strip()
    page = url_for("catalog.product", slug=product.slug)
    if can_be_bought(product.id):
        flash(marked("It's available now."), "good")
        return redirect(page, 303)
    if not is_address(email):
        error = marked("That doesn't look like an email address. Check it for typos.")
        asked = render_template(
            "buyers/availability/ask.html", product=said(product), email=email[:254], error=error
        )
        return make_response(asked, 400)
    ask_for(product.id, email)
    flash(
        marked(
            "Check your email. We've sent a link to %(email)s. Open it to confirm, and we'll write once.",
            email=email,
        ),
        "good",
    )
    return redirect(page, 303)


@availability.get("/products/<slug>/availability")
def ask_again(slug: str) -> ResponseReturnValue:
    """Lead back to the product from the address of a form that was refused."""
    return redirect(url_for("catalog.product", slug=_get_shown(slug).slug), 303)


@availability.get("/availability/<token>")
@limiter.limit("30/minute")
def choose(token: str) -> ResponseReturnValue:
    """Show a page with a button: what opens links before people do changes nothing."""
    asked = find_request(token)
    if asked is None:
        raise NotFound(GONE)
    product = db.session.get_one(Product, asked.product_id)
    page = render_template(
        "buyers/availability/choose.html",
        token=token,
        product=said(product),
        is_confirmed=asked.confirmed_at is not None,
    )
    answer = make_response(page)
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer


@availability.post("/availability/<token>")
@limiter.limit(most_of_mailed_links)
def change(token: str) -> ResponseReturnValue:
    if "confirm" in request.form:
        if not confirm(token):
            raise NotFound(GONE)
        flash(marked("Done. We'll email you once, when it's available."), "good")
        return redirect(url_for("availability.choose", token=token), 303)
    leave(token)
    if "List-Unsubscribe" in request.form:
        return "", 200
    flash(marked("You're off the list, and your address is deleted."), "good")
    return redirect(url_for("catalog.catalog"), 303)


csrf.exempt(change)  # RFC 8058: mail programs post here, without a form of ours


def _get_shown(slug: str) -> Product:
    try:
        return get_shown_product(slug)
    except MovedPage as moved:
        return get_shown_product(moved.slug)
