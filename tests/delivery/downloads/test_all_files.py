"""Everything of an order in one zip: counted together, without what is used up, in few statements."""

import io
import re
import zipfile
from pathlib import Path

import pytest
from flask import Flask

from storefront.core.db import db
from storefront.shop.catalog.upload import add_release_files
from tests.delivery.downloads.clicks import BOOK, add_release, counted_downloads, forget_window, status
from tests.support.databases import BOTH
from tests.support.goods import change_product
from tests.support.sale import Sale, sell
from tests.support.sandbox_client import SandboxClient
from tests.support.statements import counted

both = pytest.mark.parametrize("engine", BOTH, indirect=True)
TOOL = ("twinspot", "Personal")


def zip_address(sale: Sale) -> str:
    return f"{sale.link.replace('/orders/', '/downloads/')}/all.zip"


def fetch(sale: Sale, at: str = "") -> zipfile.ZipFile:
    """`at` is where the pages of another language begin."""
    with sale.buyer.get(at + zip_address(sale)) as answer:
        assert answer.status_code == 200
        assert answer.headers["Content-Length"] == str(len(answer.data))
        archive = zipfile.ZipFile(io.BytesIO(answer.data))
    assert archive.testzip() is None
    return archive


@both
def test_leaves_out_a_file_that_is_used_up_and_keeps_the_others(app: Flask, sandbox: SandboxClient) -> None:
    change_product(app, BOOK[0], download_limit=1)
    sale = sell(app, sandbox, BOOK, TOOL)
    book = next(address for address in sale.downloads if address.endswith(".epub")).removeprefix(
        sale.buyer.base_url
    )
    assert status(sale.buyer, book) == 200
    forget_window(app)
    archive = fetch(sale)
    assert sorted(archive.namelist()) == ["Not in this archive.txt", "twinspot-2.1.zip"]
    told = archive.read("Not in this archive.txt").decode()
    assert told.startswith(f"{book.rsplit('/', 1)[1]}: ")
    assert "Contact the shop" in told
    german = fetch(sale, "/de").read("Not in this archive.txt").decode()
    assert german.startswith(f"{book.rsplit('/', 1)[1]}: ")
    assert "wurde" in german
    assert "Contact" not in german
    assert counted_downloads(app) == 2


def test_refuses_a_zip_with_nothing_left(app: Flask, sandbox: SandboxClient) -> None:
    for product in (BOOK[0], TOOL[0]):
        change_product(app, product, download_limit=1)
    sale = sell(app, sandbox, BOOK, TOOL)
    assert len(fetch(sale).namelist()) == 2
    assert len(fetch(sale).namelist()) == 2, "within the hour it is the same download"
    assert counted_downloads(app) == 2
    forget_window(app)
    refused = sale.buyer.get(zip_address(sale))
    assert (refused.status_code, "Contact the shop" in refused.text) == (403, True)
    assert counted_downloads(app) == 2


@both
def test_needs_no_more_statements_for_more_files(app: Flask, sandbox: SandboxClient, tmp_path: Path) -> None:
    change_product(app, BOOK[0], download_limit=5)
    sale = sell(app, sandbox, BOOK, TOOL)
    asked = []
    for files in (1, 12):
        for number in range(files):
            add_release(app, tmp_path, f"Edition {files}", f"part-{files}-{number}.epub")
        with counted(app) as statements:
            assert len(fetch(sale).namelist()) == files + 1
        asked.append(len(statements))
    assert asked[1] == asked[0] < 8, statements


def test_tells_names_apart_that_are_one_on_a_disk_and_takes_empty_files_for_files(
    app: Flask, sandbox: SandboxClient, tmp_path: Path
) -> None:
    sale = sell(app, sandbox, BOOK, TOOL)
    for slug, name, text in ((BOOK[0], "Read me.txt", ""), (TOOL[0], "READ ME.TXT", "tool")):
        source = tmp_path / name
        source.write_text(text)
        with app.app_context():
            add_release_files(slug=slug, version="9.0", sources=[source], allow_empty=True)
            db.session.remove()
        source.unlink()
    archive = fetch(sale)
    names = archive.namelist()
    assert len({name.casefold() for name in names}) == 2
    assert sorted(archive.read(name) for name in names) == [b"", b"tool"]
    empty = next(
        address
        for address in re.findall(r'href="([^"]*/downloads/[^"]+)"', sale.order_page())
        if "Read%20me" in address
    )
    with sale.buyer.get(empty) as answer:
        assert (answer.status_code, answer.data, answer.headers["Content-Length"]) == (200, b"", "0")
