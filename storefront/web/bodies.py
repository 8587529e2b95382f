"""How large a request may be: 64 KB and 200 fields, unless its route says otherwise; asked before any parsing.

Parsing is what costs: half a megabyte of empty fields held a processor for a second. Werkzeug bounds the fields of
multipart forms only.
"""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from io import BytesIO
from typing import TYPE_CHECKING, TypeVar

from flask import Flask, current_app, request
from werkzeug.exceptions import BadRequest
from werkzeug.wsgi import get_content_length

from storefront.core.errors import StorefrontError, TooLarge
from storefront.core.texts import marked
from storefront.web.slow_bodies import demand_whole_body
from storefront.web.turns import turn_aside

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

MOST_BYTES = 64 * 1024
MOST_FIELDS = 200  # the largest form of ours is a full cart: two dozen
MOST_QUERY_BYTES = 8 * 1024  # an address: what browsers and proxies carry as well
MARK = "most_body_bytes"
STREAM_MARK = "streamed_body"
FORM_BUFFER_BYTES = 1024 * 1024  # Werkzeug counts the piece of a file that it looks at as well
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
NO_NUL = marked("An address or a form holds no NUL.")
WITH_BODY = ("POST", "PUT", "PATCH", "DELETE")

View = TypeVar("View", bound=Callable[..., object])


class AddressTooLong(StorefrontError):
    code = "address_too_long"
    status = HTTPStatus.REQUEST_URI_TOO_LONG
    title = marked("That address is too long")


class Unstorable(StorefrontError):
    """PostgreSQL keeps no text with a NUL, and nobody types one."""

    code = "bad_request"
    title = marked("Something was wrong with that request")


def takes_bytes(most: int) -> Callable[[View], View]:
    """Mark a view, below its route, with the largest body that it reads."""

    def mark(view: View) -> View:
        setattr(view, MARK, most)
        return view

    return mark


@dataclass(frozen=True, slots=True, kw_only=True)
class Streamed:
    """A body of up to `most` bytes that is not read into memory. `check_sender` raises a refusal for strangers."""

    most: int
    check_sender: Callable[[], object]
    is_form: bool


def streams_bytes(
    most: int, *, check_sender: Callable[[], object], is_form: bool = False
) -> Callable[[View], View]:
    """Mark a view, below its route: it reads `wsgi.input` itself, or gets the files of a form from a disk.

    The sender is asked for before the first byte is read, since the guard of a blueprint comes later.
    """

    def mark(view: View) -> View:
        setattr(view, STREAM_MARK, Streamed(most=most, check_sender=check_sender, is_form=is_form))
        return view

    return mark


def most_bytes(app: Flask, endpoint: str | None) -> int:
    return int(getattr(app.view_functions.get(endpoint or ""), MARK, MOST_BYTES))


def set_up_bodies(app: Flask) -> None:
    """Set what Werkzeug bounds itself; `take_body`, which runs before every request, does the rest."""
    app.config.update(
        MAX_CONTENT_LENGTH=None,  # each route's own limit is held below
        MAX_FORM_MEMORY_SIZE=MOST_BYTES,
        MAX_FORM_PARTS=MOST_FIELDS,
    )


def take_body() -> None:
    """Read the whole body and put it back, so that nothing that reads it later can be told half of it.

    Raises:
        TooLarge, AddressTooLong, Unstorable, TooSlow, NoneFree: nothing was parsed.
    """
    environ: WSGIEnvironment = request.environ
    demand_whole_body(environ)
    _check_address(environ)
    if request.method not in WITH_BODY:
        return
    streamed: Streamed | None = getattr(current_app.view_functions.get(request.endpoint or ""), STREAM_MARK, None)
    if streamed is not None and _is_streamed(environ, streamed):
        _let_through(environ, streamed)
        return
    most = most_bytes(current_app, request.endpoint)
    body = _read(environ, most)
    if streamed is None or not streamed.is_form:
        _check_form(body)
    request.max_form_memory_size = most
    environ["wsgi.input"] = BytesIO(body)
    environ["CONTENT_LENGTH"] = str(len(body))
    environ.pop("HTTP_TRANSFER_ENCODING", None)


def _is_streamed(environ: "WSGIEnvironment", streamed: Streamed) -> bool:
    """Leave small bodies on the way of all others, and forms that are sent where bytes are expected."""
    kind = "multipart/form-data" if streamed.is_form else None
    is_expected = request.mimetype == kind if kind else request.mimetype not in FORMS
    return is_expected and (get_content_length(environ) or 0) > MOST_BYTES


def _let_through(environ: "WSGIEnvironment", streamed: Streamed) -> None:
    if (get_content_length(environ) or 0) > streamed.most:
        raise _too_large(streamed.most)
    streamed.check_sender()
    if streamed.is_form:
        request.max_form_memory_size = FORM_BUFFER_BYTES
        with turn_aside(environ):
            request.files  # noqa: B018 - read now, to a disk: the check of forms would read it in our turn


def _check_address(environ: "WSGIEnvironment") -> None:
    query = environ.get("QUERY_STRING", "")
    if len(query) > MOST_QUERY_BYTES or query.count("&") >= MOST_FIELDS:
        raise AddressTooLong(
            marked(
                "An address holds at most %(most_query_bytes)s bytes and %(most_fields)s fields.",
                most_query_bytes=MOST_QUERY_BYTES,
                most_fields=MOST_FIELDS,
            )
        )
    if "%00" in query or "\0" in environ.get("PATH_INFO", ""):
        raise Unstorable(NO_NUL)


def _check_form(body: bytes) -> None:
    if request.mimetype == "application/x-www-form-urlencoded" and body.count(b"&") >= MOST_FIELDS:
        raise TooLarge(marked("A form has at most %(most_fields)s fields.", most_fields=MOST_FIELDS))
    if request.mimetype in FORMS and (b"%00" in body or b"\0" in body):
        raise Unstorable(NO_NUL)


def _read(environ: "WSGIEnvironment", most: int) -> bytes:
    """Read the whole body, or refuse it."""
    length = get_content_length(environ)
    if length is None:
        return _read_parts(environ, most)
    if length > most:
        raise _too_large(most)
    body = _read_bytes(environ, length)
    if len(body) < length:
        raise BadRequest(marked("The request ended before its body did."))
    return body


def _read_parts(environ: "WSGIEnvironment", most: int) -> bytes:
    """Read a chunked body, which tells no length: one byte more than the limit shows that it is over."""
    if not _is_sent_in_parts(environ):
        return b""
    body = _read_bytes(environ, most + 1)
    if len(body) > most:
        raise _too_large(most)
    return body


def _too_large(most: int) -> TooLarge:
    return TooLarge(marked("This address takes at most %(most)s bytes.", most=most))


def _is_sent_in_parts(environ: "WSGIEnvironment") -> bool:
    return bool(environ.get("wsgi.input_terminated")) or "HTTP_TRANSFER_ENCODING" in environ


def _read_bytes(environ: "WSGIEnvironment", wanted: int) -> bytes:
    """Read until there are so many, or no more come."""
    parts, missing = [], wanted
    while missing and (part := environ["wsgi.input"].read(missing)):
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)
