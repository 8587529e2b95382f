"""Pictures of the book and of the wall planner."""

import calendar

from storefront.devtools.samples.drawings.canvas import Canvas, Point
from storefront.devtools.samples.files.planner import LETTERS, SATURDAY, YEAR

TEXT = (
    "A program changes on the day it gets",
    "its second user. Until then it can assume",
    "that you know what you meant. Afterward",
    "it has to say so.",
    "",
    "The second user does not know that the",
    "folder must exist already, that names with",
    "spaces go wrong, that it is perfectly normal",
    "for nothing to be printed for a minute.",
    "Each of these is a sentence that is missing,",
    "and a missing sentence is the cheapest",
    "fault there is to repair.",
)


def _handles(canvas: Canvas, place: Point, size: float, wood: str, metal: str) -> None:
    """A row of three: a file's, a knob, a spoon's."""
    x, y = place
    canvas.box((x, y, size * 0.34, size * 1.5), wood, size * 0.17)
    canvas.box((x + size * 0.06, y + size * 1.36, size * 0.22, size * 0.3), metal)
    canvas.box((x + size * 0.98, y + size * 0.9, size * 0.34, size * 0.76), metal, size * 0.08)
    canvas.circle(x + size * 1.15, y + size * 0.55, size * 0.46, metal)
    canvas.circle(x + size * 1.15, y + size * 0.55, size * 0.2, wood)
    canvas.box((x + size * 2.06, y + size * 0.5, size * 0.2, size * 1.16), wood, size * 0.1)
    canvas.circle(x + size * 2.16, y + size * 0.42, size * 0.34, wood)


def book_cover() -> Canvas:
    canvas = Canvas("#e9d9bd")
    canvas.box((0, 640, 1600, 260), "#dbc59f")
    canvas.shape([(560, 760), (1130, 760), (1240, 806), (640, 806)], "#c7ac7f")
    canvas.box((560, 96, 520, 676), "#f8f1e2", 8)
    canvas.box((548, 84, 520, 676), "#5b2f38", 10)
    canvas.box((548, 84, 40, 676), "#4a252d", 10)
    canvas.text((640, 214), "The Patient", "#f6e6c8", 58, "serif")
    canvas.text((640, 290), "Toolmaker", "#f6e6c8", 58, "serif")
    canvas.box((640, 326, 84, 6), "#d99b4e")
    _handles(canvas, (656, 414), 128, "#d99b4e", "#f0c98b")
    canvas.text((640, 712), "Ines Arvola", "#d9b98a", 30, "serif")
    return canvas


def book_pages() -> Canvas:
    canvas = Canvas("#5b2f38")
    canvas.box((150, 92, 1300, 736), "#4a252d", 14)
    canvas.box((136, 74, 664, 736), "#fbf5e8", 10)
    canvas.box((800, 74, 664, 736), "#f6eddb", 10)
    canvas.box((797, 74, 6, 736), "#e0d1b3")
    _handles(canvas, (300, 300), 128, "#d99b4e", "#5b2f38")
    canvas.text((322, 620), "Chapter two", "#8a6a58", 26, "serif")
    canvas.text((862, 190), "The second user", "#3a2428", 38, "serif")
    for number, line in enumerate(TEXT):
        canvas.text((862, 268 + number * 40), line, "#4f3c3a", 22.5, "serif")
    canvas.text((1120, 776), "5", "#8a6a58", 20, "serif")
    return canvas


def _planner(canvas: Canvas, x: float, y: float, width: float, height: float) -> None:
    """The sheet itself, small: what is sold, in its own proportions."""
    canvas.box((x + 12, y + 14, width, height), "#b5502f", 4)
    canvas.box((x, y, width, height), "#fdfaf3", 4)
    unit = height / 60
    canvas.text((x + 3 * unit, y + 6.2 * unit), str(YEAR), "#2b2b2b", 3.6 * unit, "bold")
    column, row = (width - 6 * unit) / 12, (height - 11 * unit) / 32
    for month in range(1, 13):
        left, top = x + 3 * unit + (month - 1) * column, y + 8 * unit
        canvas.text((left + 2, top + row * 0.8), calendar.month_abbr[month], "#2b2b2b", row * 0.72, "bold")
        for day in range(1, calendar.monthrange(YEAR, month)[1] + 1):
            low = top + (day + 1) * row
            if calendar.weekday(YEAR, month, day) >= SATURDAY:
                canvas.box((left, low - row, column - 3, row), "#ece4d3")
            canvas.box((left, low - 1, column - 3, 1), "#c3bba9")
            canvas.text((left + 3, low - row * 0.26), str(day), "#6a655b", row * 0.58, "bold")


def planner_cover() -> Canvas:
    canvas = Canvas("#cf6a45")
    canvas.box((0, 770, 1600, 130), "#b5502f")
    canvas.box((0, 764, 1600, 10), "#e58a63")
    _planner(canvas, 300, 60, 1000, 640)
    for pin in (318, 1282):
        canvas.circle(pin, 78, 9, "#34584f")
    plants: list[tuple[float, list[Point]]] = [
        (150, [(150, 700), (90, 560), (130, 610), (150, 500), (172, 610), (212, 560)]),
        (1460, [(1460, 700), (1400, 590), (1438, 620), (1462, 520), (1484, 620), (1520, 580)]),
    ]
    for x, leaves in plants:
        canvas.shape(leaves, "#34584f")
        canvas.shape([(x - 56, 690), (x + 56, 690), (x + 40, 772), (x - 40, 772)], "#f3d9b1")
    return canvas


def planner_month() -> Canvas:
    canvas = Canvas("#f3d9b1")
    canvas.box((212, 74, 1200, 860), "#d9b98a", 6)
    canvas.box((196, 56, 1200, 880), "#fdfaf3", 6)
    for place, month in enumerate((3, 4, 5)):
        left = 240 + place * 378
        canvas.text((left + 8, 128), calendar.month_name[month], "#2b2b2b", 40, "bold")
        for day in range(1, 14):
            number, low = calendar.weekday(YEAR, month, day), 158 + day * 60
            if number >= SATURDAY:
                canvas.box((left, low - 60, 364, 60), "#ece4d3")
            canvas.box((left, low - 2, 364, 2), "#c3bba9")
            canvas.text((left + 12, low - 18), str(day), "#2b2b2b", 32, "bold")
            canvas.text((left + 70, low - 18), LETTERS[number], "#8d877a", 32)
    for x, y, words in ((440, 320, "dentist"), (810, 500, "beans!"), (1194, 620, "Ada, 40")):
        canvas.text((x, y), words, "#b5502f", 32, "serif")
    return canvas
