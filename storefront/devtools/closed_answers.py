"""Closes the file of an answer whose reader went away; Werkzeug leaves it open when its drain fails too."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from werkzeug.serving import WSGIRequestHandler

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

ANSWER = "storefront.answer"


class _Answer:
    """The body of an answer; closing it twice is closing it once."""

    def __init__(self, body: Iterable[bytes]) -> None:
        self._body = body
        self._is_closed = False

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._body)

    def close(self) -> None:
        if not self._is_closed:
            self._is_closed = True
            getattr(self._body, "close", lambda: None)()


def keep_answers(app: "WSGIApplication") -> "WSGIApplication":
    """Remember each answer in its request, for `ClosingHandler`."""

    def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        environ[ANSWER] = body = _Answer(app(environ, start_response))
        return body

    return answer


class ClosingHandler(WSGIRequestHandler):
    """Serves an app that went through `keep_answers`."""

    def connection_dropped(self, error: BaseException, environ: dict[str, Any] | None = None) -> None:
        if environ is not None and ANSWER in environ:
            environ[ANSWER].close()
        super().connection_dropped(error, environ)
