"""Stripe.js, put together from its parts, and the frames of its Elements: one page for each kind."""

from functools import cache

from flask import Blueprint, Response, abort, render_template
from flask.typing import ResponseReturnValue

from storefront.devtools.front import STATIC
from storefront.devtools.sandbox.pages.policy import ELEMENT, protect

_SCRIPTS = STATIC / "stripe"
# One script in one function: each part may use what the parts before it have named.
_PARTS = (
    "basics",
    "embedded_page",
    "frames",
    "amounts",
    "session_view",
    "element",
    "elements",
    "update_actions",
    "confirming",
    "elements_sdk",
    "stripe",
)
# Kind of the frame -> its script and what a screen reader calls it.
FRAMES = {
    "billing-address": ("address", "Billing address (sandbox)"),
    "challenge": ("challenge", "Question of your bank (sandbox)"),
    "contact-details": ("contact", "Contact details (sandbox)"),
    "controller": ("controller", "Sandbox"),
    "currency-selector": ("currency", "Currency (sandbox)"),
    "express-checkout": ("express", "Wallets (sandbox)"),
    "link-signup": ("nothing", "Link (sandbox)"),
    "payment": ("payment", "Secure payment fields (sandbox)"),
    "tax-id": ("tax_id", "Tax ID (sandbox)"),
    "terms": ("terms", "Terms of service (sandbox)"),
    "voucher": ("voucher", "Your payment is waiting (sandbox)"),
}

elements = Blueprint("elements", __name__)


@elements.get("/endive/stripe.js")
def stripe_js() -> Response:
    """Serve the stand-in for `js.stripe.com/endive/stripe.js`."""
    response = Response(_script(), mimetype="text/javascript")
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cache-Control"] = "no-cache"
    return response


@cache
def _script() -> str:
    parts = [(_SCRIPTS / f"{name}.js").read_text(encoding="utf-8") for name in _PARTS]
    return "\n".join(["(() => {", '"use strict";', *parts, "})();", ""])


@elements.get("/elements/<kind>")
def show_frame(kind: str) -> ResponseReturnValue:
    """Show one frame; any shop may hold it, and nothing about a session is in its address."""
    if kind not in FRAMES:
        abort(404)
    script, title = FRAMES[kind]
    page = render_template("devtools/sandbox/element.html", kind=kind, script=script, title=title)
    return protect(Response(page), ELEMENT)
