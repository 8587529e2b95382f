"""`/admin/uploads`: release files in pieces by tus 1.0, for the page's script and for any tus client."""

from flask import Response, g, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import MethodNotAllowed

from storefront.core.errors import StorefrontError
from storefront.owner.admin.blueprint import NotAllowed, admin, find_here, here, needs
from storefront.owner.admin.upload_protocol import (
    add_protocol_headers,
    demand_version,
    read_announced,
    read_offset,
    state_headers,
    state_json,
)
from storefront.owner.people.roles import Permission, may
from storefront.owner.uploads.finish import finish
from storefront.owner.uploads.forget import cancel
from storefront.owner.uploads.parts import is_locked
from storefront.owner.uploads.queries import get_upload, list_open
from storefront.owner.uploads.receive import receive
from storefront.owner.uploads.refusals import WrongOffset
from storefront.owner.uploads.start import begin
from storefront.web.bodies import streams_bytes
from storefront.web.limits import limiter
from storefront.web.turns import turn_aside

PIECE_BYTES = 16 * 1024 * 1024  # of one request; what nginx lets through is a little more


class SignedOut(StorefrontError):
    code = "signed_out"
    status = 401
    title = "Please sign in again"


def check_uploader() -> None:
    """Before a large body is read. Raises SignedOut, NotAllowed."""
    _check_sender(Permission.SHOP)


def check_money_uploader() -> None:
    """Do the same for files that go with money: evidence of a dispute."""
    _check_sender(Permission.MONEY)


def _check_sender(permission: Permission) -> None:
    person = find_here()
    if person is None:
        raise SignedOut("You are signed out. Sign in in another tab, then continue here: nothing is lost.")
    g.here = person
    if not may(person.role, permission):
        raise NotAllowed(f"You are signed in as {person.role.value}. Ask an owner of the shop.")


@admin.after_request
def speak_tus(response: Response) -> Response:
    is_ours = request.path == "/admin/uploads" or request.path.startswith("/admin/uploads/")
    return add_protocol_headers(response) if is_ours else response


@admin.route("/uploads", methods=["GET", "OPTIONS"])
@needs(Permission.SHOP)
def uploads() -> ResponseReturnValue:
    """Return what was begun for `?product=` and is not finished, so that a script can go on after a reload."""
    if request.method == "OPTIONS":
        return "", 204
    listed = [each for each in list_open(here().person_id, request.args.get("product", "")) if not each.is_late]
    return jsonify({"uploads": [state_json(upload, is_storing=is_locked(upload.token)) for upload in listed]})


@admin.post("/uploads")
@needs(Permission.SHOP)
@limiter.limit("120/minute")
def begin_upload() -> ResponseReturnValue:
    demand_version()
    upload = begin(here().person_id, read_announced())
    return "", 201, {"Location": f"/admin/uploads/{upload.token}", **state_headers(upload)}


@admin.get("/uploads/<token>")
@needs(Permission.SHOP)
def upload_state(token: str) -> ResponseReturnValue:
    """HEAD is tus's question; GET tells the page's script the rest."""
    if request.method == "HEAD":
        demand_version()
    upload = get_upload(here().person_id, token)
    return jsonify(state_json(upload, is_storing=is_locked(token))), state_headers(upload)


@admin.patch("/uploads/<token>")
@needs(Permission.SHOP)
@streams_bytes(PIECE_BYTES, check_sender=check_uploader)
def send_piece(token: str) -> ResponseReturnValue:
    """Answers a last piece when the file is in its release. An empty one at the end tries that again."""
    demand_version()
    upload, offset = get_upload(here().person_id, token), read_offset()
    with turn_aside(request.environ):
        try:
            g.upload_offset = receive(
                upload, request.environ["wsgi.input"], offset=offset, length=request.content_length or 0
            )
        except WrongOffset as refusal:
            g.upload_offset = refusal.offset
            raise
        if g.upload_offset == upload.size_bytes:
            finish(upload)
    return "", 204, state_headers(get_upload(here().person_id, token))


@admin.post("/uploads/<token>")
@needs(Permission.SHOP)
@streams_bytes(PIECE_BYTES, check_sender=check_uploader)
def send_by_post(token: str) -> ResponseReturnValue:
    """Serve programs behind a proxy that lets no PATCH or DELETE through; tus has a header for that."""
    methods = {"PATCH": send_piece, "DELETE": end_upload}
    view = methods.get(request.headers.get("X-HTTP-Method-Override", "").upper())
    if view is None:
        raise MethodNotAllowed([*methods, "GET", "HEAD"])
    return view(token)


@admin.delete("/uploads/<token>")
@needs(Permission.SHOP)
def end_upload(token: str) -> ResponseReturnValue:
    demand_version()
    cancel(get_upload(here().person_id, token))
    return "", 204
