"""Lays out the sample shop as a folder: words and pictures lie beside this file, goods and samples are made."""

import re
import shutil
from collections.abc import Callable
from enum import StrEnum
from functools import partial
from pathlib import Path

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
PICTURE = ".png"
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
    """What of the shop is laid out. Pictures take half a minute to bring in, and may come after the rest."""

    ALL = "all"
    WITHOUT_PICTURES = "without pictures"
    PICTURES = "pictures"


def lay_out(folder: Path, share: Share = Share.ALL) -> None:
    """Write it into a folder that is not there yet, in the form of docs/shop-files.md."""
    shutil.copytree(SHOP, folder, ignore=_left_out(share))
    for page in folder.glob("products/*/product.md"):
        page.write_text(_pick_fields(page.read_text(encoding="utf-8"), share), encoding="utf-8")
    if share is not Share.PICTURES:
        for name, make in MADE.items():
            path = folder / "products" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(make())


def _left_out(share: Share) -> Callable[[str, list[str]], set[str]]:
    patterns = {
        Share.ALL: (),
        Share.WITHOUT_PICTURES: (f"*{PICTURE}",),
        Share.PICTURES: ("shop.toml", "pages", "releases"),
    }
    return shutil.ignore_patterns(*patterns[share])


def _pick_fields(page: str, share: Share) -> str:
    """Return a product.md with the fields of a share: what a folder does not name is left alone."""
    if share is Share.ALL:
        return page
    _, front, description = page.split("---\n", 2)
    fields = re.split(r"^(?=[a-z_]+:)", front, flags=re.MULTILINE)
    is_wanted = share is Share.PICTURES
    kept = "".join(field for field in fields if field.startswith("pictures:") is is_wanted)
    return f"---\n{kept}---\n" + ("" if is_wanted else description)
