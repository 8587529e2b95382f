"""Bodies that take their time: read before a turn is taken, by threads of their own; long ones within a deadline.

Reading holds a thread until bytes come, and the server cannot be told to stop waiting. So such threads are few,
one client gets some of them only, and pages and downloads have others.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from io import BytesIO
from threading import Condition
from typing import TYPE_CHECKING

from storefront.core.errors import StorefrontError
from storefront.core.texts import marked
from storefront.web.clients import client_of

if TYPE_CHECKING:  # `storefront serve` asks for THREADS, and starts faster without Flask
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment
    from flask import Flask

READERS = 32
READERS_OF_CLIENT = 8
IN_LINE = 32  # for a moment: whole bodies are read in no time
IN_LINE_SECONDS = 1.0
THREADS = READERS + IN_LINE  # beside those for pages and downloads
SECONDS = 10.0  # for a body longer than the first piece: the largest is 256 KB
FIRST_PIECE_BYTES = 4096  # nearly all bodies: each read hands the interpreter to another thread, and waits for it
MOST_BYTES = 256 * 1024  # what no route takes is left unread, and refused by its length


class TooSlow(StorefrontError):
    """The deadline came before the end of the body."""

    code = "too_slow"
    status = 408
    title = marked("This came too slowly")
    retry_after_seconds = 10


class NoneFree(StorefrontError):
    """Every reader, or every one that this client may have, waits for a body."""

    code = "busy"
    status = 503
    title = marked("The shop is busy right now")
    retry_after_seconds = 10


REFUSALS = {kind.code: kind for kind in (TooSlow, NoneFree)}
REFUSED = "storefront.body_refused"


class BodiesFirst:
    """Wraps the gate, so that a request that has its turn has its whole body."""

    def __init__(
        self,
        app: "WSGIApplication",
        *,
        readers: int = READERS,
        of_client: int = READERS_OF_CLIENT,
        seconds: float = SECONDS,
    ) -> None:
        self._app = app
        self._free, self._of_client, self._seconds = readers, of_client, seconds
        self._in_line = 0
        self._held: Counter[str] = Counter()
        self._line = Condition()

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if _has_body(environ):
            try:
                with self._reader(client_of(environ.get("REMOTE_ADDR", ""))):
                    body = self._read(environ)
            except (TooSlow, NoneFree) as refusal:
                body = b""
                environ[REFUSED] = refusal.code
                environ["CONTENT_LENGTH"] = "0"
                environ.pop("HTTP_TRANSFER_ENCODING", None)
            environ["wsgi.input"] = BytesIO(body)
        return self._app(environ, start_response)

    @contextmanager
    def _reader(self, client: str) -> Iterator[None]:
        def is_free() -> bool:
            return self._free > 0 and self._held[client] < self._of_client

        with self._line:
            if not is_free():
                self._wait_in_line(is_free)
            self._free -= 1
            self._held[client] += 1
        try:
            yield
        finally:
            with self._line:
                self._free += 1
                self._held[client] -= 1
                self._held = +self._held  # without those that are at zero
                self._line.notify_all()

    def _wait_in_line(self, is_free: Callable[[], bool]) -> None:
        """Wait for a free reader. Raises NoneFree after a moment."""
        if self._in_line >= IN_LINE:
            raise NoneFree
        self._in_line += 1
        try:
            if not self._line.wait_for(is_free, IN_LINE_SECONDS):
                raise NoneFree
        finally:
            self._in_line -= 1

    def _read(self, environ: "WSGIEnvironment") -> bytes:
        """Read in pieces that double: each is waited for whole; between two of them the deadline is checked."""
        until = time.monotonic() + self._seconds
        length = environ.get("CONTENT_LENGTH", "")
        bytes_left = int(length) if length else MOST_BYTES + 1
        parts, size = [], FIRST_PIECE_BYTES
        while bytes_left and (part := environ["wsgi.input"].read(min(size, bytes_left))):
            parts.append(part)
            bytes_left -= len(part)
            size *= 2
            if bytes_left and time.monotonic() > until:
                raise TooSlow
        return b"".join(parts)


def _has_body(environ: "WSGIEnvironment") -> bool:
    length = environ.get("CONTENT_LENGTH", "")
    if length:
        return length.isascii() and length.isdigit() and 0 < int(length) <= MOST_BYTES
    return "HTTP_TRANSFER_ENCODING" in environ


def demand_whole_body(environ: "WSGIEnvironment") -> None:
    """Refuse inside the request, so that it looks as refusals do there: a page, JSON, or the license API's own.

    Raises:
        TooSlow, NoneFree: the body was not read.
    """
    kind = REFUSALS.get(environ.get(REFUSED, ""))
    if kind is not None:
        raise kind(marked("Nothing was done: please try again in a moment."))


def set_up_slow_bodies(app: "Flask") -> None:
    app.wsgi_app = BodiesFirst(app.wsgi_app)  # type: ignore[method-assign] # Flask's documented way
