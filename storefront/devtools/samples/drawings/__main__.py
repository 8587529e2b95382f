"""Draws every picture into the folder of the sample shop, or below another one that is named."""

import sys
from collections.abc import Callable
from pathlib import Path

from storefront.devtools.samples.drawings import designs, papers, tools
from storefront.devtools.samples.drawings.canvas import Canvas

SHOP = Path(__file__).parents[1] / "shop"
PICTURES: dict[str, Callable[[], Canvas]] = {
    "twinspot/cover": tools.twinspot_cover,
    "twinspot/run": tools.twinspot_run,
    "twinspot/script": tools.twinspot_script,
    "the-patient-toolmaker/cover": papers.book_cover,
    "the-patient-toolmaker/pages": papers.book_pages,
    "soft-taps/cover": designs.taps_cover,
    "soft-taps/twelve": designs.taps_twelve,
    "gridling/cover": designs.gridling_cover,
    "gridling/letters": designs.gridling_letters,
    "gridling/board": designs.gridling_board,
    "plainmarks/cover": designs.icons_cover,
    "plainmarks/grid": designs.icons_grid,
    "daybook/cover": tools.daybook_cover,
    "daybook/week": tools.daybook_week,
    "the-terminal-set/cover": tools.set_cover,
    "a-year-on-a-page/cover": papers.planner_cover,
    "a-year-on-a-page/spring": papers.planner_month,
}


def draw_all(shop: Path) -> None:
    for name, draw in PICTURES.items():
        draw().save(shop / "products" / f"{name}.png")


if __name__ == "__main__":
    draw_all(Path(sys.argv[1]) if len(sys.argv) > 1 else SHOP)
