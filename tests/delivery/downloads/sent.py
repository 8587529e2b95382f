"""A big file for sale, its short-lived address on a real server, and readers that take their time."""

import re
import socket
from pathlib import Path
from urllib.parse import urlsplit

import requests
from flask import Flask
from sqlalchemy import update

from storefront.core.db import transaction
from storefront.core.runtime import runtime
from storefront.shop.catalog.models import ReleaseFile
from tests.support.sale import Sale


def make_sparse(app: Flask, size_bytes: int) -> Path:
    """The book that is sold becomes a file of so many zeros, which take no room on the disk."""
    folder: Path = runtime(app).settings.files_path
    path = next(folder.rglob("*.epub"))
    with path.open("wb") as content:
        content.truncate(size_bytes)
    change_file(app, path.name, size_bytes=size_bytes)
    return path


def change_file(app: Flask, filename: str, **values: object) -> None:
    with app.app_context(), transaction() as session:
        session.execute(update(ReleaseFile).where(ReleaseFile.filename == filename).values(**values))


def get(url: str, **kwargs: object) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        return session.get(url, timeout=60, **kwargs)  # type: ignore[arg-type] # passed through


def head(url: str) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        return session.head(url, timeout=60)


def short_address(url: str, sale: Sale) -> str:
    """Of the first download of a sale, as a server at `url` gives it out."""
    link = re.sub(r"https?://[^/]+", "", sale.downloads[0])
    answer = get(f"{url}{link}", allow_redirects=False)
    assert answer.status_code == 302, answer.text
    location = answer.headers["Location"]
    return location if location.startswith("http") else f"{url}{location}"


class SlowReader:
    """Asks for a file and reads the first bytes only, until closed. `If_Match="x"` is the header If-Match."""

    def __init__(self, address: str, **headers: str) -> None:
        parts = urlsplit(address)
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.settimeout(20)
        self.socket.connect((parts.hostname, parts.port))
        named = {"Host": parts.netloc, "Connection": "close"} | headers
        lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in named.items())
        request = f"GET {parts.path} HTTP/1.1\r\n{lines}\r\n"
        self.socket.sendall(request.encode())
        self.first = self.socket.recv(1024)

    @property
    def status(self) -> int:
        return int(self.first.split()[1])

    def close(self) -> None:
        self.socket.close()
