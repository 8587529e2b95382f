"""What a buyer does with a link to a file, and what tests ask about it."""

import hashlib
from datetime import timedelta
from pathlib import Path

from flask import Flask
from sqlalchemy import update

from storefront.core import clock
from storefront.core.db import db, transaction
from storefront.core.runtime import runtime
from storefront.delivery.downloads.models import Download
from tests.support.releases import add_release_file
from tests.support.rows import count_rows
from tests.support.shop import Buyer

BOOK = ("the-patient-toolmaker", "E-book")


def counted_downloads(app: Flask) -> int:
    return count_rows(app, Download)["downloads"]


def book_path(app: Flask) -> Path:
    folder: Path = runtime(app).settings.files_path
    return next(folder.rglob("*.epub"))


def content(app: Flask) -> bytes:
    return book_path(app).read_bytes()


def tag_of(whole: bytes) -> str:
    """The ETag of a file that has these bytes."""
    return f'"{hashlib.sha256(whole).hexdigest()}"'


def short_link(buyer: Buyer, link: str) -> str:
    answer = buyer.get(link, follow_redirects=False)
    assert answer.status_code == 302, answer.text
    return answer.location


def status(buyer: Buyer, link: str, **headers: str) -> int:
    """`If_Match="x"` is the header If-Match."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    with buyer.get(link, headers=named) as answer:
        return answer.status_code


def forget_window(app: Flask, *, hours: float = 2) -> None:
    """As if every download so far had begun so many hours ago."""
    with app.app_context(), transaction() as session:
        session.execute(update(Download).values(at=clock.now() - timedelta(hours=hours)))


def add_release(app: Flask, folder: Path, version: str, name: str = "new.epub") -> None:
    source = folder / name
    source.write_bytes(f"content of {version}".encode())
    with app.app_context():
        add_release_file(slug=BOOK[0], version=version, source=source)
        db.session.remove()
