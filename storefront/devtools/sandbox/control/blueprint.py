"""`/_sandbox/…`: what no Stripe has: reset, settle, expire, pay, hold, faults, and looking behind the scenes."""

from dataclasses import asdict

import click
from flask import Blueprint, Response, current_app, jsonify, request

from storefront.devtools.loopback import is_loopback
from storefront.devtools.sandbox import clock
from storefront.devtools.sandbox.api.errors import StripeApiError, invalid
from storefront.devtools.sandbox.api.faults import Faults
from storefront.devtools.sandbox.api.request_log import RequestLog
from storefront.devtools.sandbox.checkout.completion import expire, settle_payment
from storefront.devtools.sandbox.control.after_sale import after_sale
from storefront.devtools.sandbox.control.request_data import find_or_refuse, json_body
from storefront.devtools.sandbox.resources.events import event_json, resend
from storefront.devtools.sandbox.resources.payment_pages import pay_as_the_page_would
from storefront.devtools.sandbox.storage.records import Json, Query
from storefront.devtools.sandbox.storage.store import current_store
from storefront.devtools.sandbox.timers import fire_due
from storefront.devtools.sandbox.webhooks import deliveries as webhook_deliveries
from storefront.devtools.sandbox.webhooks.sender import Sender

control = Blueprint("control", __name__, url_prefix="/_sandbox")
control.register_blueprint(after_sale)


@control.before_request
def refuse_strangers() -> tuple[Response, int] | None:
    """No passwords here: only this machine may ask, and no other site through a browser on it."""
    origin = request.headers.get("Origin", request.host_url.rstrip("/"))
    if is_loopback(request.remote_addr or "") and origin == request.host_url.rstrip("/"):
        return None
    return jsonify(error={"message": "The control API answers this machine only."}), 403


@control.errorhandler(StripeApiError)
def show_error(error: StripeApiError) -> tuple[Response, int]:
    return jsonify(error.body("req_sandbox")), error.status


@control.errorhandler(ValueError)
def show_wrong_value(error: ValueError) -> tuple[Response, int]:
    return jsonify(error={"message": str(error)}), 400


@control.get("/health")
def health() -> Response:
    store = current_store()
    return jsonify(status="ok", account=store.account_id, publishable_key=store.publishable_key)


@control.post("/reset")
def reset() -> Response:
    """Forget what happened. `{"keys": false, "endpoints": false}` forgets those too; settings start over."""
    given = json_body()
    unknown = set(given) - {"keys", "endpoints"}
    if unknown:
        raise ValueError(f"unknown members: {', '.join(sorted(unknown))}")
    current_store().reset(
        keeps_keys=given.get("keys", True) is not False, keeps_endpoints=given.get("endpoints", True) is not False
    )
    _faults().clear()
    sender: Sender | None = current_app.extensions.get("sandbox_sender")
    if sender is not None:
        sender.wait_until_quiet(1.0)
    _requests().clear()
    return jsonify(status="ok")


@control.get("/config")
def show_config() -> Response:
    return jsonify(current_store().settings.to_json())


@control.post("/config")
def change_config() -> Response:
    return jsonify(current_store().change_settings(json_body()).to_json())


@control.get("/clock")
def show_clock() -> Response:
    settings = current_store().settings
    return jsonify(now=int(clock.now(settings)), offset_seconds=settings.clock_offset_seconds)


@control.post("/clock")
def move_clock() -> Response:
    """`{"advance_seconds": 60}`, `{"offset_seconds": -60}` or `{"now": 1795400000}`; what is due happens."""
    given, store = json_body(), current_store()
    unknown = set(given) - {"advance_seconds", "offset_seconds", "now"}
    if unknown:
        raise ValueError(f"unknown members: {', '.join(sorted(unknown))}")
    offset = clock.moved(
        store.settings,
        advance=given.get("advance_seconds"),
        offset=given.get("offset_seconds"),
        at=given.get("now"),
    )
    store.change_settings({"clock_offset_seconds": offset})
    fire_due(store)
    store.on_timers()
    return show_clock()


@control.get("/events")
def events() -> Response:
    """Oldest first; `?type=` and `?object=` narrow it."""
    with current_store().work() as work:
        found, _ = work.records.page(Query(kind="event", limit=100_000))
        data = [event_json(work, record) for record in reversed(found)]
    wanted_type, wanted_object = request.args.get("type"), request.args.get("object")
    return jsonify(
        data=[
            event
            for event in data
            if wanted_type in {None, event["type"]} and wanted_object in {None, event["data"]["object"].get("id")}
        ]
    )


@control.post("/events/<event_id>/resend")
def resend_event(event_id: str) -> Response:
    """`{"webhook_endpoint": "we_…"}`, or to every endpoint."""
    with current_store().work() as work:
        event = find_or_refuse(work, "event", event_id)
        resend(work, event, json_body().get("webhook_endpoint"))
        return jsonify(event_json(work, event))


@control.get("/deliveries")
def deliveries() -> Response:
    """Oldest first, each with its attempts; `?type=`, `?event=`, `?object=` and `?state=` narrow it."""
    columns = {"type": "event_type", "event": "event_id", "object": "object_id", "state": "state"}
    with current_store().database.transaction() as connection:
        rows = [dict(row) for row in connection.execute("SELECT * FROM deliveries ORDER BY id")]
        tried = [dict(row) for row in connection.execute("SELECT * FROM attempts ORDER BY id")]
    attempts: dict[int, list[Json]] = {}
    for each in tried:
        attempts.setdefault(each.pop("delivery_id"), []).append(each)
    return jsonify(
        data=[
            {**row, "is_resend": bool(row["is_resend"]), "attempts": attempts.get(row["id"], [])}
            for row in rows
            if all(request.args.get(name) in {None, row[column]} for name, column in columns.items())
        ]
    )


@control.post("/deliveries/hold")
def hold() -> Response:
    """`{"types": ["checkout.session.*"]}`: from now on these wait; without types, all do."""
    types = json_body().get("types", ["*"])
    return jsonify(current_store().change_settings({"held_types": types}).to_json())


@control.post("/deliveries/release")
def release() -> Response:
    """`{"types": […], "object": "cs_…", "order": "oldest_first|newest_first|shuffled", "keep_holding": false}`."""
    given, store = json_body(), current_store()
    if not given.get("keep_holding"):
        store.change_settings({"held_types": []})
    count = webhook_deliveries.release(
        store,
        types=tuple(given.get("types", ["*"])),
        object_id=given.get("object"),
        order=given.get("order", "oldest_first"),
    )
    return jsonify(released=count)


@control.get("/mischief")
def show_mischief() -> Response:
    return jsonify(current_store().settings.mischief.to_json())


@control.post("/mischief")
def make_mischief() -> Response:
    """`{"rules": [{"types": "charge.*", "do": "drop"}], "seed": 7, "duplicate": 0.3, …}`; `{}` ends it.

    A seed that was drawn is printed and answered: with it the same events suffer the same again.
    """
    mischief = current_store().change_settings({"mischief": json_body()}).mischief
    if mischief.is_random:
        click.echo(f"Webhook mischief at random, seed {mischief.seed}")
    return jsonify(mischief.to_json())


@control.post("/payment_intents/<intent_id>/settle")
def settle(intent_id: str) -> Response:
    """`{"result": "succeeded" | "failed"}`; without a result the test account decides."""
    result = json_body().get("result")
    if result not in {None, "succeeded", "failed"}:
        raise ValueError("result must be succeeded or failed")
    with current_store().work() as work:
        intent = find_or_refuse(work, "payment_intent", intent_id)
        if intent.body["status"] != "processing":
            raise invalid(f"This PaymentIntent is {intent.body['status']}, not processing.")
        settle_payment(work, intent, succeeds=None if result is None else result == "succeeded")
        return jsonify(intent.body)


@control.get("/sessions")
def sessions() -> Response:
    """Oldest first."""
    with current_store().work() as work:
        found, _ = work.records.page(Query(kind="checkout.session", limit=100_000))
    return jsonify(data=[record.body for record in reversed(found)])


@control.post("/sessions/<session_id>/expire")
def expire_session(session_id: str) -> Response:
    with current_store().work() as work:
        session = find_or_refuse(work, "checkout.session", session_id)
        if session.body["status"] != "open":
            raise invalid(f"This Checkout Session is {session.body['status']}, not open.")
        expire(work, session)
        return jsonify(session.body)


@control.post("/sessions/<session_id>/pay")
def pay(session_id: str) -> tuple[Response, int]:
    """What the buyer would do on the page, in one call; a decline answers 402 and stays on record.

    `{"email", "name", "country", "postal_code", "payment_method": "pm_card_visa" | "sepa_success" | …,
    "quantities": {"li_…": 3}, "promotion_code": "CODE", "tax_id": {"type", "value"},
    "authenticate": "complete" | "fail" | null}`
    """
    defaults = {
        "email": "buyer@example.com",
        "name": "Test Buyer",
        "country": "US",
        "payment_method": "pm_card_visa",
        "authenticate": "complete",
    }
    params = {**defaults, **json_body()}
    with current_store().work(base_url=request.host_url.rstrip("/")) as work:
        session = find_or_refuse(work, "checkout.session", session_id)
        try:
            return jsonify(pay_as_the_page_would(work, session, params)), 200
        except StripeApiError as error:
            if not error.keeps_work:
                raise
            return jsonify(error.body("req_sandbox")), error.status


@control.post("/faults")
def add_fault() -> Response:
    return jsonify(asdict(_faults().add(json_body())))


@control.get("/faults")
def show_faults() -> Response:
    return jsonify(data=[asdict(fault) for fault in _faults().waiting()])


@control.post("/faults/clear")
def clear_faults() -> Response:
    _faults().clear()
    return jsonify(status="ok")


@control.get("/requests")
def show_requests() -> Response:
    """The calls to `/v1`, oldest first."""
    return jsonify(data=_requests().entries())


@control.post("/requests/clear")
def clear_requests() -> Response:
    _requests().clear()
    return jsonify(status="ok")


def _faults() -> Faults:
    faults: Faults = current_app.extensions["sandbox_faults"]
    return faults


def _requests() -> RequestLog:
    log: RequestLog = current_app.extensions["sandbox_requests"]
    return log
