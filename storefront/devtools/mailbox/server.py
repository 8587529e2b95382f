"""Runs the mailbox: SMTP and web in one process, in a test or as a command."""

import asyncio
import logging
import socket
import threading
from pathlib import Path
from types import TracebackType
from typing import Self
from weakref import WeakSet

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP
from werkzeug.serving import make_server

from storefront.devtools.closed_answers import ClosingHandler, keep_answers
from storefront.devtools.loopback import ConfigError, is_loopback
from storefront.devtools.mailbox.smtp import Handler, Trouble
from storefront.devtools.mailbox.store import Mail, MailStore
from storefront.devtools.mailbox.web import create_web

CLOSE_SECONDS = 2
MAX_BYTES = 32 * 1024 * 1024


class _QuietHandler(ClosingHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """The terminal belongs to the shop's lines."""


def _free_port(host: str) -> int:
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


class _ClosingController(Controller):
    """Hangs up before it stops: aiosmtpd leaves a connection in the middle of a mail open, with a complaint."""

    def factory(self) -> SMTP:
        server: SMTP = super().factory()  # type: ignore[no-untyped-call] # aiosmtpd has no annotation here
        self._servers.add(server)
        return server

    def start(self) -> None:
        self._servers: WeakSet[SMTP] = WeakSet()
        super().start()

    def close_connections(self) -> None:
        asyncio.run_coroutine_threadsafe(self._close_all(), self.loop).result(CLOSE_SECONDS)

    async def _close_all(self) -> None:
        for server in list(self._servers):
            if server.transport is not None:
                server.transport.close()
        await asyncio.sleep(0)  # lets the loop tell each connection that it is lost


class MailboxServer:
    """`with MailboxServer(smtp_port=0, web_port=0, data_path=None) as mailbox: mailbox.messages()`."""

    def __init__(
        self,
        *,
        smtp_port: int,
        web_port: int,
        data_path: Path | None,
        host: str = "127.0.0.1",
        allow_any_address: bool = False,
    ) -> None:
        """Raises ConfigError for an address that is not loopback or a bad file, OSError for a taken port."""
        if not allow_any_address and not is_loopback(host):
            raise ConfigError(
                f"{host} is not a loopback address; the mailbox has no passwords: --allow-any-address"
            )
        self.host = host
        self.smtp_port = smtp_port or _free_port(host)
        logging.getLogger("mail.log").setLevel(logging.ERROR)
        # Opened here, because Werkzeug prints and exits when a port is taken.
        with socket.create_server((host, web_port), backlog=64) as listening:
            self.store = MailStore(data_path)
            self._handler = Handler(self.store)
            self._web = make_server(
                host,
                0,
                keep_answers(create_web(self.store, from_anywhere=allow_any_address)),
                threaded=True,
                request_handler=_QuietHandler,
                fd=listening.fileno(),
            )
        self.web_port = int(self._web.socket.getsockname()[1])
        self._thread = threading.Thread(
            target=self._web.serve_forever, kwargs={"poll_interval": 0.05}, name="mailbox", daemon=True
        )
        self._controller: _ClosingController | None = None

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.web_port}"

    @property
    def trouble(self) -> Trouble:
        return self._handler.trouble

    def start(self) -> Self:
        try:
            self.go_up()
        except OSError:
            self.stop()
            raise
        self._thread.start()
        return self

    def stop(self) -> None:
        self.go_down()
        if self._thread.is_alive():
            self._web.shutdown()
            self._thread.join()
        self._web.server_close()
        self.store.close()

    def go_up(self) -> None:
        """Let SMTP answer."""
        # aiosmtpd would notice a taken port after five seconds, and leave its event loop open.
        socket.create_server((self.host, self.smtp_port)).close()
        controller = _ClosingController(
            self._handler, hostname=self.host, port=self.smtp_port, data_size_limit=MAX_BYTES, enable_SMTPUTF8=True
        )
        controller.start()
        self._controller = controller

    def go_down(self) -> None:
        """Let SMTP refuse connections, as a mail server that is down."""
        if self._controller is not None:
            self._controller.close_connections()
            self._controller.stop()
            self._controller = None

    def messages(self, *, to: str = "") -> list[dict[str, object]]:
        """Return mails, newest first, as `/messages.json` tells them."""
        return [mail.to_json() for mail in self.find(to=to)]

    def find(self, *, to: str = "") -> list[Mail]:
        return self.store.find(to=to, limit=10_000)

    def clear(self) -> None:
        """Throw away all mails, and end the trouble on order."""
        self.store.clear()
        self._handler.trouble = Trouble()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.stop()
