"""The wall planner: one year on one page, a column a month, for each size of paper."""

from calendar import month_name, monthrange, weekday
from collections.abc import Sequence

from storefront.devtools.samples.files.pdf import box_at, make_pdf, text_at

YEAR = 2027
PAPERS = {"a3": (1190.55, 841.89), "a4": (841.89, 595.28), "letter": (792.0, 612.0)}  # points, lying
LETTERS = "MTWTFSS"
SATURDAY = 5
MOST_DAYS = 31


def make_planner(paper: str, months: Sequence[int] = range(1, 13)) -> bytes:
    width, height = PAPERS[paper]
    unit = height / 60  # everything is in sixtieths of the height
    margin, top = 3 * unit, 8 * unit
    column = (width - 2 * margin) / len(months)
    row = (height - margin - top) / (MOST_DAYS + 1)
    page = text_at(margin, height - 5 * unit, str(YEAR), font="bold", size=3.4 * unit)
    for place, month in enumerate(months):
        left = margin + place * column
        page += _month(month, left, height - top, column, row)
    return make_pdf(f"A Year on a Page {YEAR}", [page], width=width, height=height)


def _month(month: int, left: float, top: float, column: float, row: float) -> str:
    size = row * 0.62
    text = text_at(left + size * 0.3, top - row * 0.8, month_name[month], font="bold", size=size)
    for day in range(1, monthrange(YEAR, month)[1] + 1):
        number = weekday(YEAR, month, day)
        bottom = top - (day + 1) * row
        if number >= SATURDAY:
            text += box_at(left, bottom, column - 2, row, gray=0.9)
        text += box_at(left, bottom, column - 2, 0.5, gray=0.6)
        text += text_at(left + size * 0.3, bottom + row * 0.28, str(day), font="bold", size=size)
        text += text_at(left + size * 1.7, bottom + row * 0.28, LETTERS[number], font="sans", size=size, gray=0.45)
    return text
