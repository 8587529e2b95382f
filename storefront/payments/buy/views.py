"""`/buy/<slug>`: a small page that says what is bought, and goes on to its checkout by itself."""

from pathlib import Path

from flask import Blueprint, Response, current_app, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from storefront.core import tokens
from storefront.payments.buy.link import LinkRefused, Wanted, check_is_payable, read_asked, read_link
from storefront.payments.checkout.buy_now import as_offered
from storefront.shop.cart.referrer import read_arrived
from storefront.shop.catalog.products import MovedPage
from storefront.shop.discounts.visit import apply_to, read_offered
from storefront.shop.media.queries import find_pictures
from storefront.web.limits import limiter
from storefront.web.open_pages import file_for_all

# Open: what is for sale is for everybody. The checkout that begins here belongs to its browser.
buy = Blueprint("buy", __name__)


@buy.get("/buy/<slug>", endpoint="link")
@limiter.limit("120/minute")
def show_link(slug: str) -> ResponseReturnValue:
    """Only look: crawlers and previews follow links, too. The form on the page begins the checkout."""
    try:
        return _confirm(read_link(slug, read_asked(request.args)))
    except MovedPage as moved:
        return redirect(_address(moved.slug), code=301)
    except LinkRefused as refused:
        return render_template("payments/buy/refused.html", refused=refused), refused.status


def _confirm(wanted: Wanted) -> str:
    """Raises LinkRefused: nobody can pay so much at once."""
    offer = wanted.offer
    offered = read_offered()
    applied = apply_to(offered, as_offered(offer, wanted.quantity), offer.currency)
    check_is_payable(wanted, applied)
    is_about_link = bool(request.args.get("code")) and applied.notice  # else it is of another visit's code
    notes = (*wanted.notes, applied.notice) if is_about_link else wanted.notes
    return render_template(
        "payments/buy/link.html",
        wanted=wanted,
        offer=offer,
        applied=applied,
        notes=notes,
        pictures=find_pictures([offer.product_id])[offer.product_id],
        nonce=tokens.new_token(),
        has_token=bool(session),
        referrer=read_arrived(),
    )


def _address(slug: str) -> str:
    query = request.query_string.decode("ascii", "ignore")
    return url_for("buy.link", slug=slug) + (f"?{query}" if query else "")


@buy.get("/buy.js")
def overlay_script() -> Response:
    """Answer with the script for other sites. Their pages name it without a version, so it is kept for minutes."""
    path = Path(current_app.static_folder or "") / "overlay.js"
    return file_for_all(path.read_bytes(), "text/javascript; charset=utf-8")
