"""Pictures of the sounds, the font and the icons, each drawn from what is sold."""

from storefront.devtools.samples.drawings.canvas import Canvas, Rectangle
from storefront.devtools.samples.files.icons import ICONS
from storefront.devtools.samples.files.letters import LETTERS
from storefront.devtools.samples.files.sounds import SOUNDS, loudness_at

PEACH, CLAY, ROSE = "#f6d3b8", "#b4532f", "#eab48f"


def _levels(name: str, count: int) -> list[float]:
    """How loud a sound is along its length, from 0 to 1."""
    notes = SOUNDS[name]
    seconds = max(start + length for start, _, length in notes)
    return [loudness_at(notes, seconds * (number + 0.2) / count) for number in range(count)]


def _bars(canvas: Canvas, name: str, place: Rectangle, color: str, count: int) -> None:
    """Draw a sound as bars around the middle line `top`."""
    x, y, width, height = place
    step = width / count
    for number, level in enumerate(_levels(name, count)):
        tall = max(step * 0.62, height * min(1.0, level))
        canvas.box((x + number * step, y - tall / 2, step * 0.62, tall), color, step * 0.31)


def taps_cover() -> Canvas:
    canvas = Canvas(PEACH)
    for radius, color in ((620, "#f3c8a9"), (480, "#efbd9b"), (340, ROSE), (200, "#e5a880")):
        canvas.circle(800, 450, radius, color)
    _bars(canvas, "done", (330, 450, 940, 420), CLAY, 31)
    return canvas


def taps_twelve() -> Canvas:
    canvas = Canvas("#7d3a24")
    for number, name in enumerate(SOUNDS):
        x, y = 76 + number % 4 * 370, 66 + number // 4 * 264
        canvas.box((x, y, 338, 232), PEACH, 20)
        _bars(canvas, name, (x + 30, y + 96, 278, 112), CLAY, 24)
        canvas.text((x + 30, y + 200), name, "#6b2f1c", 28, "mono")
    return canvas


def gridling_cover() -> Canvas:
    canvas = Canvas("#16181d")
    for x in range(20, 1600, 27):
        for y in range(18, 900, 27):
            canvas.box((x, y, 23, 23), "#1d2027")
    canvas.pixels(128, 207, "GRID", "#ffd84d", 27, gap=4)
    canvas.pixels(128, 477, "LING", "#ffd84d", 27, gap=4)
    canvas.pixels(911, 207, "5", "#ff6f59", 27, gap=4)
    canvas.pixels(1073, 207, "+", "#4a505c", 27, gap=4)
    canvas.pixels(1235, 207, "7", "#ff6f59", 27, gap=4)
    canvas.pixels(911, 477, "A", "#4a505c", 27, gap=4)
    canvas.pixels(1073, 477, "&", "#4a505c", 27, gap=4)
    canvas.pixels(1235, 477, "Z", "#4a505c", 27, gap=4)
    return canvas


def gridling_letters() -> Canvas:
    canvas = Canvas("#ffd84d")
    for number, letter in enumerate(LETTERS):
        x, y = 80 + number % 12 * 122, 70 + number // 12 * 158
        width = len(LETTERS[letter].split()[0]) * 13
        canvas.pixels(x + (90 - width) / 2, y, letter, "#16181d", 13)
    return canvas


def gridling_board() -> Canvas:
    canvas = Canvas("#2c5d4a")
    canvas.box((160, 110, 1280, 680), "#122a21", 24)
    canvas.box((184, 134, 1232, 632), "#0c1d17", 14)
    canvas.pixels(270, 210, "HOME", "#f6f1dc", 13, gap=1)
    canvas.pixels(990, 210, "GUEST", "#f6f1dc", 13, gap=1)
    canvas.pixels(260, 370, "12", "#ff6f59", 38, gap=4)
    canvas.pixels(775, 400, ":", "#ffd84d", 26, gap=4)
    canvas.pixels(960, 370, "09", "#ff6f59", 38, gap=4)
    canvas.pixels(590, 690, "SECOND HALF", "#5f8d79", 7)
    return canvas


def icons_cover() -> Canvas:
    canvas = Canvas("#e8ebf7")
    accents = {"mail": "#3d4fd1", "sun": "#e08a1e", "check": "#2a8c5f", "search": "#d1466b"}
    for number, name in enumerate(ICONS):
        x, y = 128 + number % 6 * 230, 62 + number // 6 * 202
        color = accents.get(name)
        canvas.box((x, y, 194, 168), color or "#ffffff", 28)
        canvas.icon(name, x + 49, y + 36, 96, "#ffffff" if color else "#2b3050")
    return canvas


def icons_grid() -> Canvas:
    canvas = Canvas("#2b3050")
    for number in range(25):
        strong = number % 12 == 0
        for ends in (
            ((152 + number * 26, 138), (152 + number * 26, 762)),
            ((152, 138 + number * 26), (776, 138 + number * 26)),
        ):
            canvas.line(ends, "#525a8c" if strong else "#3a4068", 2)
    canvas.icon("mail", 152, 138, 624, "#ffffff")
    for number, name in enumerate(("menu", "search", "person", "calendar", "folder", "download")):
        y = 138 + number * 108
        canvas.box((890, y, 560, 84), "#3a4068", 18)
        canvas.icon(name, 916, y + 18, 48, "#ffd27a" if name == "search" else "#e8ebf7")
        canvas.text((996, y + 53), f"{name}.svg", "#e8ebf7", 30, "mono")
    return canvas
