"""A chart of what was paid, as numbers for an SVG: bars by day, or by month where there are too many days."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from storefront.owner.figures.read import OfCurrency
from storefront.owner.figures.sums import NOTHING, Sums

WIDTH, HEIGHT = 720, 160
MOST_DAYS = 62


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """Lengths in units of the drawing; `label` is a day or a month."""

    label: str
    sums: Sums
    x: float
    y: float
    width: float
    height: float


def bars_of(figures: OfCurrency) -> tuple[Bar, ...]:
    """Return a bar for each day or month; the highest is as high as the drawing, and what is small is seen."""
    grouped: dict[str, Sums] = defaultdict(lambda: NOTHING)
    is_long = len(figures.days) > MOST_DAYS
    for day, sums in figures.days:
        grouped[_label(day, is_long=is_long)] += sums
    highest = max((sums.paid_minor for sums in grouped.values()), default=0)
    step = WIDTH / max(len(grouped), 1)
    return tuple(
        _bar(label, sums, place * step, step, highest) for place, (label, sums) in enumerate(grouped.items())
    )


def _label(day: date, *, is_long: bool) -> str:
    return f"{day:%Y-%m}" if is_long else day.isoformat()


def _bar(label: str, sums: Sums, x: float, step: float, highest: int) -> Bar:
    height = max(2.0, HEIGHT * sums.paid_minor / highest) if sums.paid_minor > 0 else 0.0
    return Bar(
        label=label,
        sums=sums,
        x=round(x + step * 0.1, 2),
        y=round(HEIGHT - height, 2),
        width=round(step * 0.8, 2),
        height=round(height, 2),
    )
