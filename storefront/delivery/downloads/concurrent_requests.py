"""Pages and downloads share a server's threads without waiting for each other.

A slow reader holds a thread as long as it reads. So the server has more threads than WEB_THREADS; at most that
many requests are worked on at once, and a body that is being sent is not worked on any more.
"""

from collections.abc import Iterable
from queue import SimpleQueue
from typing import TYPE_CHECKING

from storefront.web.turns import TURN

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class RequestGate:
    """Around the WSGI application: it has left its database connection when it returns its body."""

    def __init__(self, app: "WSGIApplication", *, threads: int) -> None:
        self._app = app
        self._turns: SimpleQueue[None] = SimpleQueue()  # a semaphore in C: each request takes one
        for _ in range(threads):
            self._turns.put(None)

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        self._turns.get()
        environ[TURN] = self._turns  # who only waits for bytes gives it back for that time
        try:
            return self._app(environ, start_response)
        finally:
            self._turns.put(None)
