"""Lays out the sample shop as a folder: words and pictures lie beside this file, goods and samples are made."""

import re
import shutil
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path

import yaml

from storefront.devtools.samples.files import (
    make_book,
    make_book_pdf,
    make_daybook,
    make_font,
    make_free_icons,
    make_icons,
    make_planner,
    make_sample_chapter,
    make_sound,
    make_sounds,
    make_tool,
)

SHOP = Path(__file__).parent / "shop"
SHOP_FILE = "shop.toml"
PAGE = "product.md"
PAGES = "pages"
PICTURES = "*.png"
PICTURE_FIELD = "pictures:"
FIRST_QUARTER = (1, 2, 3)
MADE: dict[str, Callable[[], bytes]] = {
    "twinspot/releases/2.1/twinspot-2.1.zip": make_tool,
    "the-patient-toolmaker/the-second-user.pdf": make_sample_chapter,
    "the-patient-toolmaker/releases/First edition/the-patient-toolmaker.epub": make_book,
    "the-patient-toolmaker/releases/First edition/the-patient-toolmaker.pdf": make_book_pdf,
    **{
        f"soft-taps/{name}.wav": partial(make_sound, name)
        for name in ("done", "paid", "toggle-on", "message", "sleep")
    },
    "soft-taps/releases/1.2/soft-taps-1.2.zip": make_sounds,
    "gridling/gridling-1.0.ttf": make_font,
    "gridling/releases/1.0/gridling-1.0.ttf": make_font,
    "plainmarks/plainmarks-free.zip": make_free_icons,
    "plainmarks/releases/1.1/plainmarks-1.1.zip": make_icons,
    "daybook/releases/1.4/daybook-1.4.zip": make_daybook,
    "a-year-on-a-page/january-to-march.pdf": partial(make_planner, "a4", FIRST_QUARTER),
    **{
        f"a-year-on-a-page/releases/2027/year-2027-{paper}.pdf": partial(make_planner, paper)
        for paper in ("a3", "a4", "letter")
    },
}


class Share(StrEnum):
    """What of the shop is laid out. Bringing pictures in takes a while, so they may come after the rest."""

    ALL = "all"
    WITHOUT_PICTURES = "without pictures"


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplePicture:
    path: Path
    alt: str


def list_slugs() -> list[str]:
    """Return the products in the order of the shop."""
    return list(tomllib.loads((SHOP / SHOP_FILE).read_text(encoding="utf-8"))["order"])


def lay_out(folder: Path, share: Share = Share.ALL) -> None:
    """Write the shop into a folder that is not there yet, in the form of docs/shop-files.md."""
    if share is Share.ALL:
        shutil.copytree(SHOP, folder)
    else:
        shutil.copytree(SHOP, folder, ignore=shutil.ignore_patterns(PICTURES))
        for page in folder.glob(f"products/*/{PAGE}"):
            fields, description = _read(page)
            _write(page, [field for field in fields if not field.startswith(PICTURE_FIELD)], description)
    for name, make in MADE.items():
        path = folder / "products" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(make())


def list_pictures(slug: str) -> list[SamplePicture]:
    """Return the pictures of one product in their order."""
    folder = SHOP / "products" / slug
    fields, _ = _read(folder / PAGE)
    pictures = yaml.safe_load(next(field for field in fields if field.startswith(PICTURE_FIELD)))
    return [SamplePicture(path=folder / known["file"], alt=known["alt"]) for known in pictures["pictures"]]


def _read(page: Path) -> tuple[list[str], str]:
    """Return the fields of the front matter, each with all its lines, and the description."""
    _, front, description = page.read_text(encoding="utf-8").split("---\n", 2)
    return re.split(r"^(?=[a-z_]+:)", front, flags=re.MULTILINE), description


def _write(page: Path, fields: Sequence[str], description: str) -> None:
    page.write_text(f"---\n{''.join(fields)}---\n{description}", encoding="utf-8")
