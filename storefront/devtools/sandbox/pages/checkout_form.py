"""What a browser sees of the sandbox: Stripe.js, the Checkout form, embedded or hosted, and the control page."""

from pathlib import Path

from flask import Blueprint, Response, jsonify, redirect, render_template, request, send_file
from flask.typing import ResponseReturnValue

from storefront.devtools.sandbox.money import THREE_DECIMAL, ZERO_DECIMAL, exponent
from storefront.devtools.sandbox.storage.store import find_session, find_session_by_client_secret, publishable_key

STATIC = Path(__file__).resolve().parents[4] / "static" / "devtools"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: http: https:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'"
)

pages = Blueprint("pages", __name__)


@pages.get("/endive/stripe.js")
def stripe_js() -> Response:
    """The stand-in for `js.stripe.com/endive/stripe.js`."""
    answer = send_file(STATIC / "stripe.js", mimetype="text/javascript", max_age=0)
    answer.headers["Access-Control-Allow-Origin"] = "*"
    return answer


def _form(session_id: str, *, is_embedded: bool) -> ResponseReturnValue:
    session = find_session(session_id)
    currency = (session or {}).get("currency") or "usd"
    page = render_template(
        "devtools/sandbox/checkout.html",
        session_id=session_id if session else "",
        key=publishable_key(),
        is_embedded=is_embedded,
        digits=exponent(currency),
        cancel_url=(session or {}).get("cancel_url"),
    )
    answer = Response(page, status=200 if session else 404)
    # The embedded form may be framed by any shop; the hosted page by nobody.
    framing = "" if is_embedded else "; frame-ancestors 'none'"
    answer.headers["Content-Security-Policy"] = POLICY + framing
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


@pages.get("/embedded/<session_id>")
def embedded(session_id: str) -> ResponseReturnValue:
    """Inside the frame; the client secret is in the fragment, which only the page's script can read."""
    return _form(session_id, is_embedded=True)


@pages.post("/embedded/<session_id>/open")
def check_client_secret(session_id: str) -> ResponseReturnValue:
    """The frame proves that its shop holds the Session's client secret."""
    session = find_session_by_client_secret(request.form.get("client_secret", ""))
    if session is None or session["id"] != session_id:
        return jsonify(error={"message": "The client secret does not belong to this Checkout Session."}), 403
    return jsonify(status=session["status"])


@pages.get("/c/pay/<session_id>")
def hosted(session_id: str) -> ResponseReturnValue:
    return _form(session_id, is_embedded=False)


@pages.get("/")
def home() -> ResponseReturnValue:
    return redirect("/_sandbox/")


@pages.get("/_sandbox/")
def control_page() -> ResponseReturnValue:
    page = render_template(
        "devtools/sandbox/control.html", zero_decimal=sorted(ZERO_DECIMAL), three_decimal=sorted(THREE_DECIMAL)
    )
    answer = Response(page)
    answer.headers["Content-Security-Policy"] = POLICY + "; frame-ancestors 'none'"
    answer.headers["Cache-Control"] = "no-store"
    return answer


@pages.get("/favicon.ico")
def no_icon() -> ResponseReturnValue:
    """None, without an error in the console of who looks at the API's JSON."""
    return "", 204
