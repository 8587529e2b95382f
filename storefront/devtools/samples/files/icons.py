"""The icon set: twenty-four line icons on a grid of 24, for SVG files and for pictures alike."""

from dataclasses import dataclass

from storefront.devtools.samples.files.archive import make_zip

STROKE = 2


@dataclass(frozen=True, slots=True)
class Path:
    """Lines from point to point, with round ends."""

    points: tuple[tuple[float, float], ...]
    is_closed: bool = False


@dataclass(frozen=True, slots=True)
class Circle:
    x: float
    y: float
    radius: float


@dataclass(frozen=True, slots=True)
class Box:
    x: float
    y: float
    width: float
    height: float
    radius: float = 2


Part = Path | Circle | Box


def _line(*numbers: float) -> Path:
    return Path(tuple(zip(numbers[::2], numbers[1::2], strict=True)))


def _ring(*numbers: float) -> Path:
    return Path(tuple(zip(numbers[::2], numbers[1::2], strict=True)), is_closed=True)


ICONS: dict[str, tuple[Part, ...]] = {
    "house": (_line(3, 11, 12, 4, 21, 11), _line(6, 9, 6, 20, 18, 20, 18, 9), _line(12, 20, 12, 15)),
    "search": (Circle(10.5, 10.5, 6.5), _line(15.5, 15.5, 20, 20)),
    "plus": (_line(12, 5, 12, 19), _line(5, 12, 19, 12)),
    "minus": (_line(5, 12, 19, 12),),
    "check": (_line(5, 12.5, 10, 17.5, 19, 7),),
    "cross": (_line(6, 6, 18, 18), _line(18, 6, 6, 18)),
    "left": (_line(20, 12, 4, 12), _line(10, 6, 4, 12, 10, 18)),
    "right": (_line(4, 12, 20, 12), _line(14, 6, 20, 12, 14, 18)),
    "up": (_line(12, 20, 12, 4), _line(6, 10, 12, 4, 18, 10)),
    "down": (_line(12, 4, 12, 20), _line(6, 14, 12, 20, 18, 14)),
    "menu": (_line(4, 6, 20, 6), _line(4, 12, 20, 12), _line(4, 18, 20, 18)),
    "more": (Circle(5, 12, 1), Circle(12, 12, 1), Circle(19, 12, 1)),
    "mail": (Box(3, 5, 18, 14), _line(3, 7.5, 12, 13.5, 21, 7.5)),
    "lock": (Box(5, 11, 14, 9), _line(8, 11, 8, 7.5, 10.5, 4.5, 13.5, 4.5, 16, 7.5, 16, 11)),
    "clock": (Circle(12, 12, 8.5), _line(12, 7, 12, 12, 15.5, 14)),
    "calendar": (Box(4, 5, 16, 15), _line(4, 10, 20, 10), _line(8, 3, 8, 6), _line(16, 3, 16, 6)),
    "folder": (_ring(3, 19, 3, 5, 9.5, 5, 12, 8, 21, 8, 21, 19),),
    "file": (_ring(6, 3, 14, 3, 19, 8, 19, 21, 6, 21), _line(14, 3, 14, 8, 19, 8)),
    "download": (_line(12, 4, 12, 15), _line(7, 10.5, 12, 15.5, 17, 10.5), _line(5, 20, 19, 20)),
    "upload": (_line(12, 16, 12, 5), _line(7, 9.5, 12, 4.5, 17, 9.5), _line(5, 20, 19, 20)),
    "person": (Circle(12, 8, 4), _line(4, 20.5, 6, 16.5, 9, 15, 15, 15, 18, 16.5, 20, 20.5)),
    "picture": (Box(3, 4, 18, 16), Circle(8.5, 9, 1.5), _line(3.5, 18, 9.5, 13, 12.5, 15.5, 16.5, 11, 20.5, 15.5)),
    "sun": (
        Circle(12, 12, 4),
        _line(12, 2.5, 12, 4.5), _line(12, 19.5, 12, 21.5), _line(2.5, 12, 4.5, 12), _line(19.5, 12, 21.5, 12),
        _line(5.3, 5.3, 6.7, 6.7), _line(17.3, 17.3, 18.7, 18.7),
        _line(5.3, 18.7, 6.7, 17.3), _line(17.3, 6.7, 18.7, 5.3),
    ),
    "battery": (Box(3, 7, 16, 10), _line(22, 10.5, 22, 13.5), _line(7, 10.5, 7, 13.5), _line(11, 10.5, 11, 13.5)),
}  # fmt: skip
FREE = ("house", "search", "check", "download")
LICENSE = """PLAINMARKS 1.1
==============

Twenty-four line icons on a grid of 24, as SVG: two pixels of stroke in the color of the text around them.

One maker: one person may use them in anything they make, also for money.
Studio: everybody in one company may.

You may change them. You may not sell or share them as icons.
"""


def write_svg(name: str) -> str:
    parts = "".join(_write_part(part) for part in ICONS[name])
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" width="24" height="24" viewBox="0 0 24 24" fill="none" '
        f'stroke="currentColor" stroke-width="{STROKE}" stroke-linecap="round" stroke-linejoin="round">'
        f"{parts}</svg>\n"
    )


def _write_part(part: Part) -> str:
    match part:
        case Path(points, is_closed):
            steps = "L".join(f"{x:g} {y:g}" for x, y in points)
            return f'<path d="M{steps}{"z" if is_closed else ""}"/>'
        case Circle(x, y, radius):
            return f'<circle cx="{x:g}" cy="{y:g}" r="{radius:g}"/>'
        case Box(x, y, width, height, radius):
            return f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="{radius:g}"/>'


def make_icons() -> bytes:
    members = {f"plainmarks/{name}.svg": write_svg(name).encode() for name in ICONS}
    return make_zip({"plainmarks/LICENSE.txt": LICENSE.encode(), **members})


def make_free_icons() -> bytes:
    return make_zip({f"plainmarks-free/{name}.svg": write_svg(name).encode() for name in FREE})
