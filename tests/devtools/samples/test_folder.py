"""The sample shop as a folder: complete, true to what it sells, and the same bytes every time."""

import io
import re
import xml.etree.ElementTree as ET
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from storefront.devtools.samples.files import make_icons
from storefront.devtools.samples.folder import SHOP, Share, lay_out, list_pictures, list_slugs

PRODUCTS = sorted(path.parent.name for path in SHOP.glob("products/*/product.md"))
MOST_BYTES = 1_000_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("samples") / "shop"
    lay_out(path)
    return path


def files_in(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_makes_the_same_folder_every_time(folder: Path, tmp_path: Path) -> None:
    lay_out(tmp_path / "again")
    assert files_in(tmp_path / "again") == files_in(folder)


def test_stays_small(folder: Path) -> None:
    assert sum(len(path.read_bytes()) for path in SHOP.rglob("*") if path.is_file()) < MOST_BYTES


@pytest.mark.parametrize("slug", PRODUCTS)
def test_has_every_file_that_a_product_names_and_no_other(folder: Path, slug: str) -> None:
    product = folder / "products" / slug
    named = re.findall(r"^  - file: (.+)$", (product / "product.md").read_text(), re.MULTILINE)
    assert sorted(named) == sorted(
        path.name for path in product.iterdir() if path.is_file() and path.name != "product.md"
    )
    is_bundle = "    includes: [" in (product / "product.md").read_text()
    assert bool(list(product.glob("releases/*/*.*"))) != is_bundle


@pytest.mark.parametrize("path", sorted(SHOP.rglob("*.png")), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_draws_pictures_of_one_size(path: Path) -> None:
    with Image.open(path) as picture:
        assert picture.size == (1600, 900)
    assert path.stat().st_size < 80_000


def test_lays_out_pictures_apart_from_the_rest(folder: Path, tmp_path: Path) -> None:
    lay_out(tmp_path / "words", Share.WITHOUT_PICTURES)
    words = files_in(tmp_path / "words")
    page = "products/gridling/product.md"
    assert set(words) == {name for name in files_in(folder) if not name.endswith(".png")}
    assert b"pictures:" not in words[page]
    assert b"samples:" in words[page]
    pictures = list_pictures("gridling")
    assert [picture.path.name for picture in pictures] == ["cover.png", "letters.png", "board.png"]
    assert pictures[1].alt == "Every letter, numeral and sign of the font, black on yellow."


def test_orders_all_of_its_products() -> None:
    assert sorted(list_slugs()) == PRODUCTS


@pytest.mark.parametrize(
    "name", ["the-patient-toolmaker/the-second-user.pdf", "a-year-on-a-page/january-to-march.pdf"]
)
def test_writes_pdf_files_whose_objects_are_where_they_say(folder: Path, name: str) -> None:
    content = (folder / "products" / name).read_bytes()
    start = int(content.split(b"startxref\n")[1].split(b"\n")[0])
    lines = content[start:].split(b"\n")
    assert lines[0] == b"xref"
    count = int(lines[1].split()[1])
    for number in range(1, count):
        assert content[int(lines[2 + number].split()[0]) :].startswith(f"{number} 0 obj\n".encode())


def test_sells_icons_that_are_small_drawings() -> None:
    icons = zipfile.ZipFile(io.BytesIO(make_icons()))
    names = [name for name in icons.namelist() if name.endswith(".svg")]
    assert len(names) == 24
    for name in names:
        drawing = ET.fromstring(icons.read(name))  # noqa: S314 - our own file
        assert {element.tag.rpartition("}")[2] for element in drawing} <= {"path", "circle", "rect"}
        assert len(icons.read(name)) < 700
