"""The `/v1` side of the sandbox: HTTP in, Stripe's headers and JSON out."""

import socket
import time

from flask import Blueprint, Response, current_app, request

from storefront.devtools.sandbox import resources
from storefront.devtools.sandbox.api.dispatch import Answer, Incoming, answer, check_version
from storefront.devtools.sandbox.api.errors import StripeApiError
from storefront.devtools.sandbox.api.faults import Fault, Faults
from storefront.devtools.sandbox.api.form_encoding import Tree, decode
from storefront.devtools.sandbox.api.json_rendering import render
from storefront.devtools.sandbox.api.request_log import LoggedRequest, RequestLog
from storefront.devtools.sandbox.ids import new_id
from storefront.devtools.sandbox.storage.store import current_store
from storefront.devtools.sandbox.storage.unit_of_work import API_VERSION

api = Blueprint("api", __name__)
_METHODS = ["GET", "POST", "DELETE", "PUT", "PATCH"]
resources.load()


@api.route("/v1/", defaults={"path": ""}, methods=_METHODS)
@api.route("/v1/<path:path>", methods=_METHODS)
@api.route("/v2/<path:path>", methods=_METHODS)
def call_api(path: str) -> Response:  # noqa: ARG001 - the whole path is in the request
    started, at = time.perf_counter(), time.time()
    request_id = new_id("req_")
    key = request.headers.get("Idempotency-Key") if request.method == "POST" else None
    version = request.headers.get("Stripe-Version")
    faults: Faults = current_app.extensions["sandbox_faults"]
    fault = faults.take(request.method, request.path)
    if fault is not None and fault.drop_before_execution:
        time.sleep(fault.delay_seconds)
        _drop_connection()
        return Response(status=500)
    given = _given(request_id, key, version, fault)
    log: RequestLog = current_app.extensions["sandbox_requests"]
    log.add(
        LoggedRequest(
            id=request_id,
            method=request.method,
            path=request.path,
            idempotency_key=key,
            is_replay=given.is_replay,
            api_version=version,
            status=given.status,
            at=at,
            duration_ms=round((time.perf_counter() - started) * 1000, 1),
        )
    )
    if fault is not None and fault.drop_after_execution:
        time.sleep(fault.delay_seconds)
        _drop_connection()
    headers = {"Request-Id": request_id, "Stripe-Version": version or API_VERSION, **given.headers}
    if key is not None:
        headers["Idempotency-Key"] = key
    return Response(given.text, given.status, headers, content_type="application/json")


def _tree(query: str) -> Tree:
    """Forms and query strings; JSON is v2's, which is not here, so nobody reads it."""
    if request.is_json:
        return {}
    return decode(request.get_data(as_text=True) if request.method == "POST" else query)


def _given(request_id: str, key: str | None, version: str | None, fault: Fault | None) -> Answer:
    query = request.query_string.decode()
    try:
        check_version(version)
    except StripeApiError as error:
        return Answer(status=error.status, text=render(error.body(request_id)))
    return answer(
        current_store(),
        Incoming(
            request_id=request_id,
            method=request.method,
            path=request.path,
            tree=_tree(query),
            authorization=request.headers.get("Authorization"),
            version=version,
            idempotency_key=key,
            base_url=request.host_url.rstrip("/"),
        ),
        fault,
    )


def _drop_connection() -> None:
    """Close the caller's connection under the answer: nobody hears whether the work is done."""
    connection: socket.socket | None = request.environ.get("werkzeug.socket")
    if connection is not None:
        connection.shutdown(socket.SHUT_RDWR)
