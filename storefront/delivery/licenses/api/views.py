"""`/v1/licenses/…`: activate, validate, deactivate, compatible with Lemon Squeezy's.

https://docs.lemonsqueezy.com/api/license-api
"""

import logging
import re
from typing import Any

from flask import Blueprint, Response, jsonify, request
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue

from storefront.core.errors import StorefrontError
from storefront.core.outages import DatabaseUnavailable
from storefront.core.runtime import settings
from storefront.customers.browser_words import client_words
from storefront.delivery.licenses import activations
from storefront.delivery.licenses.activations import LicenseAnswer
from storefront.delivery.licenses.api import answers
from storefront.delivery.licenses.api.openapi import describe
from storefront.delivery.licenses.api.rate_limits import count_client, count_key
from storefront.delivery.licenses.api.requests import MAX_BODY_BYTES, demand, read_fields
from storefront.delivery.licenses.codes import Code
from storefront.delivery.licenses.keys import hint
from storefront.delivery.licenses.signing.license_file import issue_license_file
from storefront.delivery.refusals import Refused, note_refusal
from storefront.web.bodies import takes_bytes
from storefront.web.csrf import csrf
from storefront.web.error_pages import ERROR_BODIES
from storefront.web.programs import LICENSE_API

log = logging.getLogger(__name__)

# Open: the license key in the body is the permission.
licenses = Blueprint("licenses", __name__)
csrf.exempt(licenses)

FLAGS = {"activate": "activated", "validate": "valid", "deactivate": "deactivated"}


def _take_turn() -> dict[str, str]:
    """Return the fields that were sent, once their sender may ask."""
    count_client(request.remote_addr or "")
    fields = read_fields()
    if fields.get("license_key"):
        count_key(fields["license_key"])
    return fields


def _flag() -> str:
    return FLAGS.get(request.path.rsplit("/", 1)[-1], "valid")


@licenses.get("/v1/openapi.json")
def description() -> ResponseReturnValue:
    answer = jsonify(describe(settings().base_url))
    answer.headers["Cache-Control"] = "public, max-age=300"
    return answer


@licenses.post("/v1/licenses/activate")
@takes_bytes(MAX_BODY_BYTES)
def activate() -> ResponseReturnValue:
    """Activate a device; a license file comes along, so that the program works when it cannot ask."""
    fields = _take_turn()
    demand(fields, ("license_key", "instance_name"))
    fingerprint = fields.get("fingerprint", "")
    answer = activations.activate(
        fields["license_key"],
        name=fields["instance_name"],
        product=fields.get("product_id", ""),
        fingerprint=fingerprint,
    )
    _note_refusal(answer, fields["instance_name"])
    return _answer(answer, license_file=_license_file(answer, fingerprint))


def _note_refusal(answer: LicenseAnswer, device: str) -> None:
    """A guess of a key names no order, and leaves nothing."""
    status = answer.license
    if answer.code is Code.VALID or status is None:
        return
    note_refusal(
        status.order_id,
        Refused.ACTIVATION,
        answer.code.value.lower(),
        client=client_words(request.headers.get("User-Agent", "")),
        subject=hint(status.key),
        detail=device,
    )


def _license_file(answer: LicenseAnswer, fingerprint: str) -> str | None:
    """Return None where it cannot be made (the device is activated all the same), or there is no fingerprint.

    A file for any device would go around the limit of devices.
    """
    status = answer.license
    if answer.code is not Code.VALID or status is None or not fingerprint:
        return None
    try:
        return issue_license_file(status.id, fingerprint=fingerprint, key_hash=status.key_hash)
    except StorefrontError as error:
        log.warning("no license file", extra={"why": error.code})
        return None


@licenses.post("/v1/licenses/validate")
@takes_bytes(MAX_BODY_BYTES)
def validate() -> ResponseReturnValue:
    fields = _take_turn()
    demand(fields, ("license_key",))
    answer = activations.validate(
        fields["license_key"],
        product=fields.get("product_id", ""),
        instance_id=fields.get("instance_id", ""),
        fingerprint=fields.get("fingerprint", ""),
    )
    return _answer(answer)


@licenses.post("/v1/licenses/deactivate")
@takes_bytes(MAX_BODY_BYTES)
def deactivate() -> ResponseReturnValue:
    fields = _take_turn()
    demand(fields, ("license_key", "instance_id"))
    answer = activations.deactivate(
        fields["license_key"], instance_id=fields["instance_id"], product=fields.get("product_id", "")
    )
    return _answer(answer)


def _answer(answer: LicenseAnswer, **more: str | None) -> Response:
    body, status = answers.to_json(_flag(), answer, nonce=read_fields().get("nonce"))
    response = jsonify({**body, **more})
    if status != response.status_code:
        response.status_code = status
    return response


@licenses.record_once
def _answer_errors_alike(state: BlueprintSetupState) -> None:
    """Answer all errors alike, also those that no view of ours sees: an unknown address, another method, a bug."""
    ERROR_BODIES.get(state.app)[LICENSE_API] = describe_error


def describe_error(status: int, message: str) -> dict[str, Any]:
    code = Code.INVALID_REQUEST
    if status == 429:
        code = Code.RATE_LIMITED
    elif status >= 500:
        code = Code.UNAVAILABLE
    return answers.refusal(_flag(), code, "Send a POST: others are not answered." if status == 405 else message)


@licenses.errorhandler(DatabaseUnavailable)
def say_unavailable(error: DatabaseUnavailable) -> ResponseReturnValue:
    """Say nothing about the license: programs keep working."""
    sentence = "The shop cannot look this up right now: keep working and ask again later."
    body: dict[str, Any] = answers.refusal(_flag(), Code.UNAVAILABLE, sentence)
    return jsonify(body), error.status, {"Retry-After": str(error.retry_after_seconds)}


HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}")
USUAL_HEADERS = ("Accept", "Authorization", "Cache-Control", "Content-Type", "X-Requested-With")
MOST_HEADERS = 40
FOR_PROGRAMS = (LICENSE_API, "/.well-known/storefront-")


@licenses.after_app_request
def allow_other_origins(response: Response) -> Response:
    """Allow programs built on a browser, which ask from an origin of their own; no cookie of ours is read here.

    Errors as well, or the program could not read why. Whatever header a library adds may come: none is read.
    """
    if not request.path.startswith(FOR_PROGRAMS):
        return response
    headers = response.headers
    headers["Access-Control-Allow-Origin"] = "*"
    headers["Access-Control-Expose-Headers"] = "Retry-After, X-Request-Id"
    if request.method == "OPTIONS":
        _answer_preflight(response)
    return response


def _answer_preflight(response: Response) -> None:
    if request.routing_exception is not None:  # a browser asks no further, and nobody would read of the 404
        response.status_code, response.data = 200, b""
    headers = response.headers
    headers["Access-Control-Allow-Methods"] = headers.get("Allow", "POST")
    headers["Access-Control-Allow-Headers"] = ", ".join(dict.fromkeys([*USUAL_HEADERS, *_wanted_headers()]))
    headers["Access-Control-Max-Age"] = "86400"
    response.vary.add("Access-Control-Request-Headers")


def _wanted_headers() -> list[str]:
    """Return the names of headers that a browser wants to send, without what is none."""
    names = map(str.strip, request.headers.get("Access-Control-Request-Headers", "").split(",")[:MOST_HEADERS])
    return [name for name in names if HEADER_NAME.fullmatch(name)]
