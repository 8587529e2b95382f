"""`/_sandbox/…`: health, reset, settings and the clock."""

from flask import Blueprint, Response, current_app, jsonify

from storefront.devtools.sandbox import clock
from storefront.devtools.sandbox.api.faults import current_faults
from storefront.devtools.sandbox.api.request_log import current_request_log
from storefront.devtools.sandbox.control.request_data import json_body
from storefront.devtools.sandbox.in_progress import current_in_progress
from storefront.devtools.sandbox.storage.store import current_store
from storefront.devtools.sandbox.timers import fire_due
from storefront.devtools.sandbox.webhooks.sender import Sender

# Calls take milliseconds, once no fault holds them up; a machine may stand still for a while.
_LONGEST_CALL_SECONDS = 30.0

state = Blueprint("state", __name__)


@state.get("/health")
def health() -> Response:
    store = current_store()
    return jsonify(status="ok", account=store.account_id, publishable_key=store.publishable_key)


@state.post("/reset")
def reset() -> Response:
    """Forget what happened. `{"keys": false, "endpoints": false}` forgets those too; settings start over.

    Calls in progress end first, and those that wait because of a fault do nothing: none of before comes later.
    """
    given = json_body("keys", "endpoints")
    current_faults().clear()
    current_in_progress().wait_until_none(_LONGEST_CALL_SECONDS)
    current_store().reset(
        keeps_keys=given.get("keys", True) is not False, keeps_endpoints=given.get("endpoints", True) is not False
    )
    sender: Sender | None = current_app.extensions.get("sandbox_sender")
    if sender is not None:
        sender.wait_until_quiet(1.0)
    current_request_log().clear()
    return jsonify(status="ok")


@state.get("/config")
def show_config() -> Response:
    return jsonify(current_store().settings.to_json())


@state.post("/config")
def change_config() -> Response:
    return jsonify(current_store().change_settings(json_body()).to_json())


@state.get("/clock")
def show_clock() -> Response:
    settings = current_store().settings
    return jsonify(now=int(clock.now(settings)), offset_seconds=settings.clock_offset_seconds)


@state.post("/clock")
def move_clock() -> Response:
    """`{"advance_seconds": 60}`, `{"offset_seconds": -60}` or `{"now": 1795400000}`; what is due happens."""
    given = json_body("advance_seconds", "offset_seconds", "now")
    store = current_store()
    store.change_settings({"clock_offset_seconds": clock.moved_offset(store.settings, given)})
    fire_due(store)
    store.on_timers()
    return show_clock()


@state.post("/restricted_keys")
def add_restricted_key() -> Response:
    """`{"permissions": ["product_write", "event_read"]}` makes a key that may do so much; writing is reading."""
    permissions = json_body("permissions").get("permissions")
    if not isinstance(permissions, list) or not all(isinstance(name, str) for name in permissions):
        raise ValueError("permissions must be a list of names")
    return jsonify(key=current_store().add_restricted_key(permissions), permissions=permissions)


@state.post("/restricted_keys/roll")
def roll_restricted_key() -> Response:
    """`{"key": "rk_test_…"}` ends a key: from now on it is expired."""
    key = str(json_body("key").get("key"))
    current_store().roll_restricted_key(key)
    return jsonify(key=key)
