"""Serves an app on a port of its own, for as long as a test needs it."""

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask
from werkzeug.serving import make_server

from storefront.devtools.closed_answers import ClosingHandler, keep_answers


@contextmanager
def serve(app: Flask, *, port: int = 0, ssl_context: ssl.SSLContext | None = None) -> Iterator[int]:
    """Yield the port. Port 0 is one that is free."""
    server = make_server(
        "127.0.0.1",
        port,
        keep_answers(app),
        threaded=True,
        request_handler=ClosingHandler,
        ssl_context=ssl_context,
    )
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
