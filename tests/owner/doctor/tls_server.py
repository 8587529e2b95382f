"""An https server on this machine, with a certificate of its own that nobody else trusts."""

import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest


def make_certificate(folder: Path, *, days: int) -> Path:
    """Make key and certificate of `localhost` in one file."""
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("openssl is not here")
    both = folder / f"{days}.pem"
    words = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    words += ["-days", str(days), "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    subprocess.run([program, *words, "-keyout", both, "-out", folder / "crt"], check=True, capture_output=True)
    with both.open("ab") as output:
        output.write((folder / "crt").read_bytes())
    return both


@contextmanager
def answering(headers: dict[str, str], certificate: Path | None = None) -> Iterator[int]:
    """Answer each HEAD with these headers; give the port. With a certificate by https."""

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response(301 if "Location" in headers else 200)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_words: object) -> None:
            """Print nothing."""

    class Server(HTTPServer):
        def handle_error(self, *_words: object) -> None:
            """Who does not trust it hangs up."""

        def get_request(self) -> tuple[socket.socket, Any]:
            taken, address = super().get_request()
            return (context.wrap_socket(taken, server_side=True) if certificate else taken), address

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if certificate:
        context.load_cert_chain(certificate)
    server = Server(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
