"""The addresses of the API: HTTP in, Stripe's headers and JSON out."""

import contextlib
import socket
import time

from flask import Blueprint, Response, request

from storefront.devtools.sandbox import resources
from storefront.devtools.sandbox.api.dispatch import Answer, Incoming, answer, error_answer
from storefront.devtools.sandbox.api.errors import StripeApiError
from storefront.devtools.sandbox.api.faults import FaultsClearedError, Struck, current_faults
from storefront.devtools.sandbox.api.form_encoding import Tree, decode, nest, sent_file
from storefront.devtools.sandbox.api.request_log import LoggedRequest, current_request_log
from storefront.devtools.sandbox.api.versions import API_VERSION, read_version
from storefront.devtools.sandbox.ids import new_id
from storefront.devtools.sandbox.storage.store import current_store

api = Blueprint("api", __name__)
_METHODS = ["GET", "POST", "DELETE", "PUT", "PATCH"]
resources.load()


@api.route("/v1/", defaults={"path": ""}, methods=_METHODS)
@api.route("/v1/<path:path>", methods=_METHODS)
@api.route("/v2/<path:path>", methods=_METHODS)
def call_api(path: str) -> Response:  # noqa: ARG001 - the whole path is in the request
    try:
        return _call_api(current_faults().take(request.method, request.path))
    except FaultsClearedError:
        return _drop_connection()


def _call_api(struck: Struck | None) -> Response:
    started, at = time.perf_counter(), time.time()
    request_id = new_id("req_")
    if struck is not None and struck.fault.drop_before_execution:
        struck.wait()
        return _drop_connection()
    outcome = _answer(request_id, struck)
    _log(request_id, outcome, at=at, duration_seconds=time.perf_counter() - started)
    if struck is not None and struck.fault.drop_after_execution:
        struck.wait()
        return _drop_connection()
    return _response(request_id, outcome)


def _idempotency_key() -> str | None:
    return request.headers.get("Idempotency-Key") if request.method == "POST" else None


def _version() -> str | None:
    return request.headers.get("Stripe-Version")


def _parameters() -> Tree:
    """Decode the form or query string. JSON is v2's, which is not here, so nobody reads it."""
    if request.is_json:
        return {}
    if request.method == "POST" and request.mimetype == "multipart/form-data":
        files = [
            (name, sent_file(file.read(), file.filename or "")) for name, file in request.files.items(multi=True)
        ]
        return nest([*request.form.items(multi=True), *files])
    return decode(request.get_data(as_text=True) if request.method == "POST" else request.query_string.decode())


def _answer(request_id: str, struck: Struck | None) -> Answer:
    try:
        version = read_version(_version())
    except StripeApiError as error:
        return error_answer(error, request_id)
    incoming = Incoming(
        request_id=request_id,
        method=request.method,
        path=request.path,
        tree=_parameters(),
        authorization=request.headers.get("Authorization"),
        version=version,
        idempotency_key=_idempotency_key(),
        base_url=request.host_url.rstrip("/"),
    )
    return answer(current_store(), incoming, struck)


def _log(request_id: str, outcome: Answer, *, at: float, duration_seconds: float) -> None:
    current_request_log().add(
        LoggedRequest(
            id=request_id,
            method=request.method,
            path=request.path,
            idempotency_key=_idempotency_key(),
            is_replay=outcome.is_replay,
            api_version=_version(),
            status=outcome.status,
            at=at,
            duration_ms=round(duration_seconds * 1000, 1),
        )
    )


def _response(request_id: str, outcome: Answer) -> Response:
    headers = {"Request-Id": request_id, "Stripe-Version": _version() or API_VERSION, **outcome.headers}
    key = _idempotency_key()
    if key is not None:
        headers["Idempotency-Key"] = key
    return Response(outcome.text, outcome.status, headers, content_type="application/json")


def _drop_connection() -> Response:
    """Close the caller's connection under the answer: nobody hears whether the work is done."""
    connection: socket.socket | None = request.environ.get("werkzeug.socket")
    if connection is not None:
        with contextlib.suppress(OSError):  # the caller may have gone first
            connection.shutdown(socket.SHUT_RDWR)
    return Response(status=500)
