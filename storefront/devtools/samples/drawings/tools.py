"""Pictures of the two command-line tools."""

from storefront.devtools.samples.drawings.canvas import Canvas, Point, window

PLAIN, DIM, BRIGHT, GOLD, GREEN = "#dfe6e1", "#93a09a", "#ffffff", "#f2b35e", "#6fd6b8"


def _sheet(canvas: Canvas, place: Point, width: float, colors: tuple[str, str, str]) -> None:
    x, y = place
    paper, corner, ink = colors
    height, fold = width * 1.34, width * 0.28
    canvas.shape(
        [(x, y), (x + width - fold, y), (x + width, y + fold), (x + width, y + height), (x, y + height)], paper
    )
    canvas.shape([(x + width - fold, y), (x + width - fold, y + fold), (x + width, y + fold)], corner)
    for number, share in enumerate((0.62, 0.5, 0.6, 0.34)):
        top = y + height * (0.38 + number * 0.14)
        canvas.box((x + width * 0.16, top, width * share, height * 0.05), ink, height * 0.025)


def twinspot_cover() -> Canvas:
    canvas = Canvas("#0f5c4d")
    for x in (560, 1040):
        canvas.circle(x, 450, 360, "#146d5b")
    for x, y, width in (
        (90, 90, 110), (300, 640, 120), (120, 430, 90), (1380, 130, 120), (1420, 500, 90), (1180, 690, 110),
        (440, 60, 90), (1060, 50, 100), (760, 730, 90),
    ):  # fmt: skip
        _sheet(canvas, (x, y), width, ("#1b8069", "#0f5c4d", "#27977d"))
    for x in (470, 900):
        canvas.box((x + 14, 282, 230, 308), "#0b4a3e", 6)
        _sheet(canvas, (x, 262), 230, ("#fff6e3", "#f2b35e", "#e4c48a"))
    for y in (416, 462):
        canvas.line([(764, y), (836, y)], "#f2b35e", 20)
    return canvas


def twinspot_run() -> Canvas:
    canvas = Canvas("#dfeae4")
    lines = [
        ("$ python3 twinspot.py ~/Pictures", BRIGHT),
        ("4,812,377 bytes x 3", GOLD),
        ("    /home/ada/Pictures/2024/IMG_2231.jpg", PLAIN),
        ("    /home/ada/Pictures/2024/best/IMG_2231.jpg", PLAIN),
        ("    /home/ada/Pictures/to-print/IMG_2231 (1).jpg", PLAIN),
        ("2,190,004 bytes x 2", GOLD),
        ("    /home/ada/Pictures/boat/from-phone.mov", PLAIN),
        ("    /home/ada/Pictures/inbox/VID_0007.mov", PLAIN),
        ("11,814,758 bytes are there more than once.", GREEN),
        ("$", BRIGHT),
    ]
    window(canvas, lines, title="~ — twinspot", size=32)
    return canvas


def twinspot_script() -> Canvas:
    canvas = Canvas("#efe4cf")
    lines = [
        ("$ python3 twinspot.py ~/Pictures --script > remove-twins.sh", BRIGHT),
        ("11,814,758 bytes are there more than once.", GREEN),
        ("$ cat remove-twins.sh", BRIGHT),
        ("# keep /home/ada/Pictures/2024/IMG_2231.jpg", DIM),
        ("rm -- /home/ada/Pictures/2024/best/IMG_2231.jpg", PLAIN),
        ("rm -- '/home/ada/Pictures/to-print/IMG_2231 (1).jpg'", PLAIN),
        ("# keep /home/ada/Pictures/boat/from-phone.mov", DIM),
        ("rm -- /home/ada/Pictures/inbox/VID_0007.mov", PLAIN),
        ("$", BRIGHT),
    ]
    window(canvas, lines, title="~ — twinspot", size=32)
    return canvas


def daybook_cover() -> Canvas:
    canvas = Canvas("#29355f")
    for x, y, radius, color in ((1330, 190, 430, "#2f3d6d"), (1330, 190, 250, "#37477d")):
        canvas.circle(x, y, radius, color)
    canvas.circle(1330, 190, 96, "#f3c56b")
    canvas.shape([(420, 770), (1180, 770), (1240, 820), (480, 820)], "#202a4c")
    canvas.box((440, 120, 720, 660), "#1b2340", 26)
    canvas.box((420, 100, 720, 660), "#f7f1e3", 26)
    canvas.box((420, 100, 96, 660), "#d9604c", 26)
    canvas.box((480, 100, 36, 660), "#d9604c")
    for y in range(190, 700, 70):
        canvas.circle(468, y, 14, "#29355f")
    for number, share in enumerate((0.72, 0.9, 0.55, 0.82, 0.64, 0.88)):
        y = 210 + number * 74
        canvas.box((572, y, 92, 22), "#d9604c" if number == 0 else "#c9bfa6", 11)
        canvas.box((690, y, 390 * share, 22), "#4d5778" if number == 0 else "#c9bfa6", 11)
    canvas.line([(580, 664), (606, 688), (580, 712)], "#29355f", 12)
    canvas.box((640, 664, 30, 52), "#29355f")
    return canvas


def daybook_week() -> Canvas:
    canvas = Canvas("#dfe3f0")
    lines = [
        ('$ python3 daybook.py add "Frost again. The beans sulk."', BRIGHT),
        ("$ python3 daybook.py week", BRIGHT),
        ("Saturday, April 24", GOLD),
        ("  08:12  Planted the beans. Too early, as always.", PLAIN),
        ("  21:40  Finished the shelf. It is nearly straight.", PLAIN),
        ("Monday, April 26", GOLD),
        ("  07:55  Rain on the roof, and nothing to do until ten.", PLAIN),
        ("Tuesday, April 27", GOLD),
        ("  06:31  Frost again. The beans sulk.", PLAIN),
    ]
    window(canvas, lines, title="~ — daybook", size=32)
    return canvas


def set_cover() -> Canvas:
    """Draw a terminal, a notebook and a book on a shelf, with a ribbon around all of them."""
    canvas = Canvas("#f0d9c4")
    canvas.circle(800, 470, 420, "#f5e4d3")
    canvas.box((0, 738, 1600, 162), "#c98f66")
    canvas.box((0, 738, 1600, 20), "#b57b53")
    _terminal(canvas, (292, 300))
    _notebook(canvas, (700, 228))
    _book(canvas, (1024, 176))
    canvas.box((272, 560, 1066, 46), "#c2452f")
    canvas.box((272, 594, 1066, 12), "#a53724")
    for turn in (-1, 1):
        canvas.shape([(852, 582), (852 + turn * 96, 516), (852 + turn * 96, 646)], "#d95a43")
    canvas.circle(852, 582, 34, "#a53724")
    return canvas


def _terminal(canvas: Canvas, place: Point) -> None:
    x, y = place
    canvas.box((x, y, 388, 438), "#16211c", 20)
    canvas.box((x, y, 388, 54), "#24332c", 20)
    for number, color in enumerate(("#e0705f", "#e8b04b", "#5fb98d")):
        canvas.circle(x + 34 + number * 34, y + 27, 10, color)
    canvas.line([(x + 44, y + 104), (x + 70, y + 128), (x + 44, y + 152)], GREEN, 10)
    canvas.box((x + 92, y + 140, 56, 14), GREEN)
    for number, share in enumerate((0.78, 0.5)):
        canvas.box((x + 44, y + 192 + number * 40, 300 * share, 14), DIM, 7)


def _notebook(canvas: Canvas, place: Point) -> None:
    x, y = place
    canvas.box((x, y, 296, 510), "#29355f", 18)
    canvas.box((x, y, 52, 510), "#d9604c", 18)
    canvas.box((x + 34, y, 18, 510), "#d9604c")
    canvas.box((x + 96, y + 74, 156, 108), "#f7f1e3", 10)
    for number, share in enumerate((1.0, 0.62)):
        canvas.box((x + 118, y + 108 + number * 34, 112 * share, 12), "#8d95b5", 6)


def _book(canvas: Canvas, place: Point) -> None:
    x, y = place
    canvas.box((x + 14, y + 8, 288, 554), "#f8f1e2", 8)
    canvas.box((x, y, 288, 562), "#5b2f38", 10)
    canvas.box((x, y, 36, 562), "#4a252d", 10)
    canvas.box((x + 78, y + 92, 150, 14), "#f6e6c8", 7)
    canvas.box((x + 78, y + 128, 110, 14), "#f6e6c8", 7)
    canvas.box((x + 78, y + 172, 60, 8), "#d99b4e")
    canvas.circle(x + 154, y + 292, 58, "#d99b4e")
    canvas.circle(x + 154, y + 292, 30, "#5b2f38")
