"""A request gives back its turn at the shop while it only waits for bytes, so that pages need not wait for it."""

from collections.abc import Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from typing import TYPE_CHECKING

from storefront.core.db import end_read

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

TURN = "storefront.turn"


@contextmanager
def turn_aside(environ: "WSGIEnvironment") -> Iterator[None]:
    """Hold no turn and no database connection inside. Not inside a transaction."""
    end_read()
    turns: SimpleQueue[None] | None = environ.get(TURN)
    if turns is None:
        yield
        return
    turns.put(None)
    try:
        yield
    finally:
        try:
            end_read()
        finally:
            turns.get()
