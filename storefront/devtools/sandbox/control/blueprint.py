"""The control API's blueprint: who may ask, and how its errors look. Its calls lie in the modules beside it."""

from flask import Blueprint, Response, jsonify, request

from storefront.devtools.loopback import is_loopback
from storefront.devtools.sandbox.api.errors import StripeApiError
from storefront.devtools.sandbox.control.after_sale import after_sale
from storefront.devtools.sandbox.control.checkout_sessions import checkout_sessions
from storefront.devtools.sandbox.control.deliveries import deliveries
from storefront.devtools.sandbox.control.faults import faults
from storefront.devtools.sandbox.control.state import state

control = Blueprint("control", __name__, url_prefix="/_sandbox")
for part in (state, deliveries, checkout_sessions, after_sale, faults):
    control.register_blueprint(part)


@control.before_request
def refuse_strangers() -> tuple[Response, int] | None:
    """Answer this machine only, and no other site through a browser on it: there are no passwords here."""
    own_origin = request.host_url.rstrip("/")
    if is_loopback(request.remote_addr or "") and request.headers.get("Origin", own_origin) == own_origin:
        return None
    return jsonify(error={"message": "The control API answers this machine only."}), 403


@control.errorhandler(StripeApiError)
def show_error(error: StripeApiError) -> tuple[Response, int]:
    return jsonify(error.body("req_sandbox")), error.status


@control.errorhandler(ValueError)
def show_wrong_value(error: ValueError) -> tuple[Response, int]:
    return jsonify(error={"message": str(error)}), 400
