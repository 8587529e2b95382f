"""`POST /webhook`: raw body, size limit, signature, ledger, convergence, a fast answer."""

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from storefront.errors import TooLarge
from storefront.stripe_gateway import gateway
from storefront.web import csrf
from storefront.webhook.dispatch import handle_delivery

# Open: Stripe's signature is the permission.
webhook = Blueprint("webhook", __name__)
csrf.exempt(webhook)

MAX_BYTES = 256 * 1024


def read_body() -> bytes:
    """At most the limit, read as a stream: behind a chunked body `get_data()` may be cut without a word."""
    request.max_content_length = None
    if (request.content_length or 0) > MAX_BYTES:
        raise TooLarge("A Stripe event is never that large.")
    body = request.stream.read(MAX_BYTES + 1)
    if len(body) > MAX_BYTES:
        raise TooLarge("A Stripe event is never that large.")
    return body


@webhook.post("/webhook")
def deliver() -> ResponseReturnValue:
    event = gateway().verify_event(read_body(), request.headers.get("Stripe-Signature", ""))
    return {"outcome": handle_delivery(event)}
