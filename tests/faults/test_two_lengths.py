"""Requests that say their length twice, so that proxy and server could see another end (request smuggling)."""

import socket
import subprocess
import time
from pathlib import Path

import pytest

from storefront.cli.granian_command import server_command

# The web server alone: what an app makes of a request comes after its end was found.
APP = """
def app(environ, start):
    environ["wsgi.input"].read()
    start("200 OK", [("Content-Type", "text/plain")])
    return [b"answered " + environ["PATH_INFO"].encode()]
"""
HIDDEN = b"GET /hidden HTTP/1.1\r\nHost: x\r\n\r\n"
CHUNKED = b"0\r\n\r\n" + HIDDEN
REFUSED = (
    (b"Content-Length: 0\r\nContent-Length: %d" % len(HIDDEN), HIDDEN),
    (b"Content-Length: 0, %d" % len(HIDDEN), HIDDEN),
    (b"Content-Length: +0", HIDDEN),
    (b"Content-Length : 0", HIDDEN),
    (b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", CHUNKED),
    (b"Content-Length: %d\r\nTransfer-Encoding: xchunked" % len(CHUNKED), CHUNKED),
)


def connect(port: int) -> socket.socket:
    for _ in range(300):
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=60)
        except OSError:
            time.sleep(0.1)
    raise AssertionError("The server did not start.")


def send(port: int, headers: bytes, body: bytes) -> bytes:
    """Return all that comes until the server closes the connection."""
    with connect(port) as connection:
        connection.sendall(b"POST /seen HTTP/1.1\r\nHost: x\r\n" + headers + b"\r\n\r\n" + body)
        return b"".join(iter(lambda: connection.recv(4096), b""))


@pytest.mark.slow
def test_answers_no_request_that_hides_in_another(tmp_path: Path, free_port: int) -> None:
    (tmp_path / "small_app.py").write_text(APP)
    command = server_command("small_app:app", host="127.0.0.1", port=free_port, workers=1, threads=1)
    server = subprocess.Popen(command, cwd=tmp_path)
    try:
        for headers, body in REFUSED:
            answer = send(free_port, headers, body)
            assert (answer[:12], b"answered" in answer) == (b"HTTP/1.1 400", False), headers
        both = send(free_port, b"Content-Length: %d\r\nTransfer-Encoding: chunked" % len(CHUNKED), CHUNKED)
        assert (both.count(b"answered /seen"), b"hidden" in both) == (1, False), "chunks count, then it closes"
    finally:
        server.terminate()
        server.wait(30)
