"""The control panel: a page over `/_sandbox/…` for people."""

from flask import Blueprint, Response, redirect, render_template
from flask.typing import ResponseReturnValue

from storefront.devtools.sandbox.money import THREE_DECIMAL, ZERO_DECIMAL
from storefront.devtools.sandbox.pages.policy import SCRIPTED

control_panel = Blueprint("control_panel", __name__)


@control_panel.get("/")
def home() -> ResponseReturnValue:
    return redirect("/_sandbox/")


@control_panel.get("/_sandbox/")
def show_panel() -> ResponseReturnValue:
    page = render_template(
        "devtools/sandbox/control.html", zero_decimal=sorted(ZERO_DECIMAL), three_decimal=sorted(THREE_DECIMAL)
    )
    response = Response(page)
    response.headers["Content-Security-Policy"] = f"{SCRIPTED}; frame-ancestors 'none'"
    response.headers["Cache-Control"] = "no-store"
    return response


@control_panel.get("/favicon.ico")
def no_icon() -> ResponseReturnValue:
    """None, without an error in the console of who looks at the API's JSON."""
    return "", 204
