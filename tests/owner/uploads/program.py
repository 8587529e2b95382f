"""An owner's program at a real server: signed in, with the client from PyPI and with sockets of its own."""

import re
import socket
from typing import Any, BinaryIO

import requests
from tusclient.client import TusClient

from tests.owner.uploads.tus import OFFSET_TYPE, SLUG, VERSION

MB = 1024 * 1024


class Owner:
    """Signed in at a real server, with the headers that a program needs."""

    def __init__(self, url: str, door: str) -> None:
        self.url = url
        with requests.Session() as session:
            token = self._token(session.get(url + door, timeout=60).text)
            assert session.post(url + door, data={"csrf_token": token}, timeout=60).ok
            cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in session.cookies)
            page = session.get(f"{url}/admin", timeout=60).text
        self.headers = {"Cookie": cookies, "X-CSRFToken": self._token(page)}
        self.client = TusClient(f"{url}/admin/uploads", headers=self.headers)

    def _token(self, page: str) -> str:
        field = re.search(r'name="csrf_token" value="([^"]+)"', page)
        assert field
        return field[1]

    def begin(self, file: BinaryIO) -> str:
        return str(self.uploader(file).create_url())

    def uploader(self, file: BinaryIO, *, pieces: int = 4 * MB, **options: Any) -> Any:
        """With an open file: the library opens a named one for each question and closes none."""
        told = {"product": SLUG, "version": "9.0", "filename": "tool.zip"}
        return self.client.uploader(file_stream=file, metadata=told, chunk_size=pieces, **options)

    def offset(self, address: str) -> int:
        answer = requests.head(address, headers=VERSION | self.headers, timeout=60)
        return int(answer.headers["Upload-Offset"])

    def start_piece(self, address: str, *, offset: int, length: int, data: bytes) -> socket.socket:
        """A PATCH that announces more than it sends."""
        host, port = self.url.removeprefix("http://").split(":")
        lines = [f"PATCH {address.removeprefix(self.url)} HTTP/1.1", f"Host: {host}:{port}"]
        told = (
            VERSION
            | self.headers
            | {
                "Content-Type": OFFSET_TYPE,
                "Content-Length": str(length),
                "Upload-Offset": str(offset),
            }
        )
        lines += [f"{name}: {value}" for name, value in told.items()]
        connection = socket.create_connection((host, int(port)), timeout=60)
        connection.sendall("\r\n".join([*lines, "", ""]).encode() + data)
        return connection
