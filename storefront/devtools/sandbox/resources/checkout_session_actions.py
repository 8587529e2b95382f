"""Checkout Sessions: what the shop may still change, and expiring them."""

from stripe.params.checkout import SessionExpireParams, SessionUpdateParams

from storefront.devtools.sandbox.api.errors import invalid
from storefront.devtools.sandbox.api.routes import Call, route
from storefront.devtools.sandbox.api.updates import change
from storefront.devtools.sandbox.checkout.completion import expire
from storefront.devtools.sandbox.checkout.line_updates import replace_lines
from storefront.devtools.sandbox.checkout.payment import require_open
from storefront.devtools.sandbox.storage.records import Json


@route(
    "POST /v1/checkout/sessions/{id}",
    SessionUpdateParams,
    unsupported=(
        "collected_information",
        "line_items.tax_rates",
        "payment_intent_data",
        "shipping_options",
    ),
)
def update_session(call: Call) -> Json:
    session = call.get("checkout.session", param="session")
    change(session, call.params, ("metadata",))
    if "line_items" in call.params:
        require_open(session)
        replace_lines(call.work, session, call.params["line_items"])
    call.work.records.save(session)
    return session.body


@route("POST /v1/checkout/sessions/{id}/expire", SessionExpireParams)
def expire_session(call: Call) -> Json:
    session = call.get("checkout.session", param="session")
    status = session.body["status"]
    if status != "open":
        raise invalid(
            'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a'
            f" status of `{status}`."
        )
    expire(call.work, session)
    return session.body
