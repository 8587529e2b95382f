"""`/orders/<token>`: an order's own page, the permanent link in the mails, and what its buyer does there."""

from collections.abc import Iterable, Mapping

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from storefront.buyers.library.owned import find_owned, owned_words
from storefront.buyers.library.read_purchase import read_purchase
from storefront.buyers.library.read_receipt import get_receipt
from storefront.buyers.library.resend import NothingToSend, resend_own
from storefront.core.db import end_read
from storefront.core.runtime import settings
from storefront.core.texts import joined, marked
from storefront.delivery.downloads.refused import by_link, refusals_noted
from storefront.orders.browsers import get_order_here, open_here
from storefront.orders.unproven import claim_order
from storefront.shop.catalog.parts import IncludedPart
from storefront.stripe_api.gateway import gateway
from storefront.web.flashes import flash
from storefront.web.limits import limiter

# Open: the token in the address is the permission.
library = Blueprint("library", __name__)


@library.app_context_processor
def say_what_is_owned() -> dict[str, object]:
    """Let the shop's pages, which know no orders, say that a bundle includes something again."""
    return {"say_owned": _say_owned}


def _say_owned(parts: Iterable[IncludedPart]) -> str:
    names = {part.product_id: part.name for part in parts}
    owned = find_owned(names)
    return owned_words(name for product_id, name in names.items() if product_id in owned)


@library.get("/orders/<token>")
def order(token: str) -> ResponseReturnValue:
    """Show an order to who paid, or with the link of a gift what its receiver has of it."""
    return order_page(token)


def order_page(token: str, *, typed: Mapping[str, str] | None = None) -> Response:
    """Return the page; `typed` are words of a gift that were refused, so that nobody types them twice."""
    with refusals_noted(lambda: by_link(token, None)):
        opened = open_here(token)
    purchase = read_purchase(opened.order, devices_page=_devices_page(), received=opened.gift)
    page = "buyers/library/gift.html" if opened.gift else "buyers/library/order.html"
    answer = make_response(
        render_template(page, purchase=purchase, token=token, received=opened.gift, typed=typed)
    )
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer


def _devices_page() -> int:
    asked = request.args.get("devices", "1")
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 5 and int(asked) > 0 else 1


@library.post("/orders/<token>/receipt")
@limiter.limit("5/minute;20/hour")
def send_receipt(token: str) -> ResponseReturnValue:
    """To the order's own address only: whoever found the link learns nothing new by it."""
    order = get_order_here(token)
    try:
        done = resend_own(order.id)
    except NothingToSend as error:
        flash(error.message, "bad")
    else:
        said = marked("We're emailing your receipt to %(email)s.", email=done.email)
        if done.was_sent_lately:
            said = marked("We already sent your receipt to %(email)s within the last hour.", email=done.email)
        flash(joined(said, marked("Check your spam folder, too.")), "good")
    return redirect(url_for("library.order", token=token), 303)


@library.get("/orders/<token>/receipt")
def receipt(token: str) -> ResponseReturnValue:
    """Show the receipt of a paid order, to print: whatever became of the order since."""
    found = get_receipt(get_order_here(token))
    answer = make_response(render_template("buyers/library/receipt.html", receipt=found, token=token))
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer


@library.get("/orders/<token>/receipt.pdf")
@limiter.limit("10/minute")
def receipt_pdf(token: str) -> ResponseReturnValue:
    """Draw the same as a file to keep."""
    from storefront.buyers.library.receipt_pdf import draw_receipt  # noqa: PLC0415 - few processes draw one

    found = get_receipt(get_order_here(token))
    end_read()
    answer = make_response(draw_receipt(found))
    answer.headers["Content-Type"] = "application/pdf"
    answer.headers["Content-Disposition"] = f'inline; filename="receipt-{found.number}.pdf"'
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer


@library.post("/orders/<token>/claim")
@limiter.limit("10/minute")
def claim(token: str) -> ResponseReturnValue:
    """Claim a free order: its link is in the mail only, so who has it reads the address."""
    order = get_order_here(token)
    email = order.email
    claim_order(order.id)
    flash(marked("Added to your library. Sign in with %(email)s on any device.", email=email), "good")
    return redirect(url_for("library.order", token=token), 303)


@library.get("/orders/<token>/stripe-receipt")
@limiter.limit("10/minute")
def stripe_receipt(token: str) -> ResponseReturnValue:
    """Stripe's own receipt, or the invoice where the shop makes them: asked at the click, its address changes."""
    order = get_order_here(token)
    is_given = order.given_because is not None  # Stripe knows nothing of it
    session_id = order.checkout_session_id
    address = None if is_given else gateway().find_receipt_url(session_id, with_invoice=settings().invoices)
    if address is None:
        flash(marked("Stripe has no receipt for this order, because nothing was charged."), "bad")
        return redirect(url_for("library.order", token=token), 303)
    return redirect(address, 302)
