"""Runs the sandbox: HTTP, webhook threads and timers; in a test or as a command."""

import signal
import socket
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

from flask import Flask
from werkzeug.serving import ThreadedWSGIServer

from storefront.devtools.closed_answers import ClosingHandler, keep_answers
from storefront.devtools.sandbox.app import create_sandbox
from storefront.devtools.sandbox.config import SandboxConfig
from storefront.devtools.sandbox.storage.store import Store
from storefront.devtools.sandbox.timers import Timers
from storefront.devtools.sandbox.webhooks.sender import Sender


class _Handler(ClosingHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Requests are in `/_sandbox/requests`; a line each on the terminal would hide what matters."""


class _Server(ThreadedWSGIServer):
    """Knows its open connections, because stopping must close the kept ones too."""

    daemon_threads = True

    def __init__(self, host: str, port: int, app: Flask) -> None:
        self._open: set[socket.socket] = set()
        self._open_lock = threading.Lock()
        # Werkzeug prints and exits when a port is taken; a socket opened here raises OSError instead.
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.create_server((host, port), family=family, backlog=256) as listening:
            super().__init__(host, port, keep_answers(app), handler=_Handler, fd=listening.fileno())

    def process_request(self, request: socket.socket, client_address: tuple[str, int]) -> None:  # type: ignore[override]
        with self._open_lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: socket.socket) -> None:  # type: ignore[override]
        with self._open_lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def close_connections(self) -> None:
        with self._open_lock:
            waiting = list(self._open)
        for connection in waiting:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # the other side was faster


class SandboxServer:
    """`with SandboxServer(SandboxConfig(port=0)) as sandbox: StripeClient(sandbox.secret_key, …)`."""

    def __init__(self, config: SandboxConfig) -> None:
        """Raises OSError when the port is taken (found out before anything is started)."""
        self.config = config
        self.app = create_sandbox(config)
        self.store: Store = self.app.extensions["sandbox_store"]
        try:
            self._server = _Server(config.host, config.port, self.app)
        except OSError:
            self.store.close()
            raise
        self.store.base_url = self.url
        self._sender = Sender(self.store, config.delivery_threads)
        self._timers = Timers(self.store)
        self.app.extensions["sandbox_sender"] = self._sender
        self._thread = threading.Thread(target=self._serve, name="sandbox", daemon=True)
        self._stopped = threading.Event()

    @property
    def url(self) -> str:
        host = f"[{self.config.host}]" if ":" in self.config.host else self.config.host
        return f"http://{host}:{self._server.port}"

    @property
    def secret_key(self) -> str:
        return self.store.secret_key

    @property
    def publishable_key(self) -> str:
        return self.store.publishable_key

    def start(self) -> None:
        self._sender.start()
        self._timers.start()
        self._thread.start()

    def stop(self) -> None:
        """Idempotent; pending webhooks stay in the data file."""
        if self._stopped.is_set():
            return
        self._stopped.set()
        self._server.shutdown()
        self._thread.join(5)
        self._server.close_connections()
        self._server.server_close()
        self._timers.stop()
        self._sender.stop()
        self.store.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _serve(self) -> None:
        self._server.serve_forever(poll_interval=0.02)


def serve(config: SandboxConfig, announce: Callable[[SandboxServer], None]) -> None:
    """Run until SIGINT or SIGTERM. Raises OSError when the port is taken."""
    endings = {signal.SIGINT, signal.SIGTERM}
    server = SandboxServer(config)
    # Blocked before any thread starts, so that the signal waits for us and interrupts nobody.
    signal.pthread_sigmask(signal.SIG_BLOCK, endings)
    with server:
        announce(server)
        signal.sigwait(endings)
