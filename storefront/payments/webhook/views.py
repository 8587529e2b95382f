"""`POST /webhook`: raw body, size limit, signature, ledger, convergence, a fast answer."""

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from storefront.payments.webhook.dispatch import handle_delivery
from storefront.payments.webhook.secrets import verify_delivery
from storefront.stripe_api.turns import as_delivery
from storefront.web.bodies import takes_bytes
from storefront.web.csrf import csrf

# Open: Stripe's signature is the permission.
webhook = Blueprint("webhook", __name__)
csrf.exempt(webhook)

MAX_BYTES = 256 * 1024


@webhook.post("/webhook")
@takes_bytes(MAX_BYTES)
def deliver() -> ResponseReturnValue:
    event = verify_delivery(request.get_data(), request.headers.get("Stripe-Signature", ""))
    with as_delivery():
        return {"outcome": handle_delivery(event)}
