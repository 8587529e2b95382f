"""An SMTP server that misbehaves as it is told, and a shop that sends to it."""

import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from flask import Flask

from storefront.core.config.settings import load_settings
from storefront.core.runtime import runtime
from storefront.mail.transport import set_up_mail

Talk = Callable[[socket.socket], None]
TIMEOUT_SECONDS = 0.5  # of each step, for a shop that `use_server` sets up


@contextmanager
def smtp_server(talk: Talk) -> Iterator[int]:
    """Accept one connection after another and let `talk` misbehave on it; yield the port."""
    stopping = threading.Event()

    def serve() -> None:
        while not stopping.is_set():
            try:
                connection, _address = listening.accept()
            except TimeoutError:
                continue
            with connection:
                connection.settimeout(5)
                talk(connection)
            if stopping.is_set():
                return

    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.05)
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield int(listening.getsockname()[1])
        stopping.set()
        thread.join(10)


def answering(
    replies: dict[str, str],
    *,
    greeting: str = "220 here",
    hang_up_after: str = "QUIT",
    waits: Mapping[str, float] | None = None,
) -> Talk:
    """Answer 250 to all but `replies`, after so many seconds, and hang up without a word after a verb."""

    def talk(connection: socket.socket) -> None:
        lines = connection.makefile("rb")
        connection.sendall(f"{greeting}\r\n".encode())
        in_data = False
        for raw in lines:
            line = raw.decode().strip()
            if in_data and line != ".":
                continue
            verb = "END" if in_data else line.split(" ")[0].split(":")[0].upper()
            if verb == "QUIT" and hang_up_after == "QUIT":
                break
            reply = replies.get(verb, "354 go on" if verb == "DATA" else "250 fine")
            in_data = verb == "DATA" and reply.startswith("354")
            time.sleep((waits or {}).get(verb, 0))
            connection.sendall(f"{reply}\r\n".encode())
            if verb == hang_up_after:
                break
        lines.close()

    return talk


def use_server(app: Flask, environment: dict[str, str], port: int, **changes: str) -> None:
    settings = load_settings(environment | {"MAIL_PORT": str(port)} | changes)
    runtime(app).settings = settings
    set_up_mail(app, settings, timeout_seconds=TIMEOUT_SECONDS)


LOGIN = "check MAIL_USERNAME and MAIL_PASSWORD"
TLS = "MAIL_USE_TLS, MAIL_USE_SSL and MAIL_PORT"
SENDER = "check MAIL_FROM, and that MAIL_USERNAME may send from it"
