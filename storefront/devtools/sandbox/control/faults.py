"""`/_sandbox/…`: trouble on order, and the calls that came in."""

from dataclasses import asdict

from flask import Blueprint, Response, jsonify

from storefront.devtools.sandbox.api.faults import current_faults
from storefront.devtools.sandbox.api.request_log import current_request_log
from storefront.devtools.sandbox.control.request_data import json_body

faults = Blueprint("faults", __name__)


@faults.post("/faults")
def add_fault() -> Response:
    return jsonify(asdict(current_faults().add(json_body())))


@faults.get("/faults")
def show_faults() -> Response:
    return jsonify(data=[asdict(fault) for fault in current_faults().waiting()])


@faults.post("/faults/clear")
def clear_faults() -> Response:
    current_faults().clear()
    return jsonify(status="ok")


@faults.post("/faults/release")
def release_waiting() -> Response:
    current_faults().release()
    return jsonify(status="ok")


@faults.get("/requests")
def show_requests() -> Response:
    """Return the calls to `/v1`, oldest first."""
    return jsonify(data=current_request_log().entries())


@faults.post("/requests/clear")
def clear_requests() -> Response:
    current_request_log().clear()
    return jsonify(status="ok")
