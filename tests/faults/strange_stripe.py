"""Something that listens where Stripe should be: it answers what a test says, or holds on to every request."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class StrangeStripe:
    """`asked` counts the requests that have come; `hold()` keeps them without an answer."""

    def __init__(self) -> None:
        self.status, self.content_type, self.body = 200, "application/json", b"{}"
        self.asked = 0
        self._go_on = threading.Event()
        self._go_on.set()
        strange = self

        class Handler(BaseHTTPRequestHandler):
            def _answer(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                strange.asked += 1
                strange._go_on.wait(60)
                self.send_response(strange.status)
                self.send_header("Content-Type", strange.content_type)
                self.send_header("Content-Length", str(len(strange.body)))
                self.end_headers()
                self.wfile.write(strange.body)

            do_GET = do_POST = do_DELETE = _answer  # noqa: N815 - the standard library's names

            def log_message(self, *_what: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @contextmanager
    def hold(self) -> Iterator[None]:
        self._go_on.clear()
        try:
            yield
        finally:
            self._go_on.set()

    def stop(self) -> None:
        self._go_on.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
