"""An answer whose reader hangs up is closed."""

import socket
import struct
import threading
from collections.abc import Iterator

from flask import Flask, Response

from tests.support.web_server import serve

PATIENCE_SECONDS = 30
LAST_BYTE = b"\xff"
RESET = struct.pack("ii", 1, 0)  # SO_LINGER of no time: what the server reads next is an error


class Answer:
    """Ends when its reader has hung up, so that the server meets that only after the last byte."""

    def __init__(self) -> None:
        self.has_no_reader = threading.Event()
        self.is_closed = threading.Event()
        self.closings = 0

    def __iter__(self) -> Iterator[bytes]:
        yield LAST_BYTE
        self.has_no_reader.wait(PATIENCE_SECONDS)

    def close(self) -> None:
        self.closings += 1
        self.is_closed.set()


def test_closes_an_answer_once_whose_reader_hangs_up() -> None:
    app = Flask("host")
    answer = Answer()
    app.add_url_rule("/", view_func=lambda: Response(answer, headers={"Content-Length": "1"}))
    with serve(app) as port:
        reader = socket.create_connection(("127.0.0.1", port))
        reader.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        with reader.makefile("rb") as lines:
            while lines.read(1) != LAST_BYTE:
                pass
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        reader.close()
        answer.has_no_reader.set()
        assert answer.is_closed.wait(PATIENCE_SECONDS)
    assert answer.closings == 1
