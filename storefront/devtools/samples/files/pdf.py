"""Small PDF files from text and plain shapes: nothing is compressed, so the bytes are the same everywhere.

PDF 1.4, as in ISO 32000. Its standard fonts need no embedding.
"""

from collections.abc import Sequence

FONTS = {"roman": "Times-Roman", "italic": "Times-Italic", "sans": "Helvetica", "bold": "Helvetica-Bold"}
# Thousandths of the size, from the space to the tilde: the metrics that Adobe publishes for Times-Roman.
ROMAN_WIDTHS = (
    250, 333, 408, 500, 500, 833, 778, 180, 333, 333, 500, 564, 250, 333, 250, 278, 500, 500, 500, 500,
    500, 500, 500, 500, 500, 500, 278, 278, 564, 564, 564, 444, 921, 722, 667, 667, 722, 611, 556, 722,
    722, 333, 389, 722, 611, 889, 722, 722, 556, 722, 667, 556, 611, 722, 722, 944, 722, 722, 611, 333,
    278, 333, 469, 500, 333, 444, 500, 444, 500, 444, 333, 500, 500, 278, 278, 500, 278, 778, 500, 500,
    500, 500, 333, 389, 278, 500, 500, 722, 500, 500, 444, 480, 200, 480, 541,
)  # fmt: skip


def measure_roman(text: str, size: float) -> float:
    return sum(ROMAN_WIDTHS[ord(letter) - 32] for letter in text) * size / 1000


def text_at(x: float, y: float, text: str, *, font: str, size: float, gray: float = 0, space: float = 0) -> str:
    """Return the operators for a line of text; `space` is added between its words."""
    escaped = text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
    return f"BT /{font} {size:g} Tf {gray:g} g {space:.3f} Tw {x:.2f} {y:.2f} Td ({escaped}) Tj ET\n"


def box_at(x: float, y: float, width: float, height: float, *, gray: float) -> str:
    return f"{gray:g} g {x:.2f} {y:.2f} {width:.2f} {height:.2f} re f\n"


def make_pdf(title: str, pages: Sequence[str], *, width: float, height: float) -> bytes:
    """Return a file with a page for each text of operators."""
    fonts = " ".join(f"/{name} {number} 0 R" for number, name in enumerate(FONTS, start=3))
    first = 4 + len(FONTS)
    kids = " ".join(f"{first + 2 * number} 0 R" for number in range(len(pages)))
    resources = f"/Resources << /Font << {fonts} >> >>"
    count = len(pages)
    bodies = [
        "<< /Type /Catalog /Pages 2 0 R /Lang (en) >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {count} /MediaBox [0 0 {width:g} {height:g}] {resources} >>",
        *map(_describe_font, FONTS.values()),
        f"<< /Title ({title}) >>",
    ]
    for number, page in enumerate(pages):
        bodies.append(f"<< /Type /Page /Parent 2 0 R /Contents {first + 2 * number + 1} 0 R >>")
        bodies.append(f"<< /Length {len(page.encode('cp1252'))} >>\nstream\n{page}endstream")
    return _assemble(bodies, info=first - 1)


def _describe_font(name: str) -> str:
    return f"<< /Type /Font /Subtype /Type1 /BaseFont /{name} /Encoding /WinAnsiEncoding >>"


def _assemble(bodies: Sequence[str], *, info: int) -> bytes:
    output = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"
    offsets = []
    for number, body in enumerate(bodies, start=1):
        offsets.append(len(output))
        output += f"{number} 0 obj\n{body}\nendobj\n".encode("cp1252")
    table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    count = len(bodies) + 1
    end = (
        f"xref\n0 {count}\n0000000000 65535 f \n{table}trailer\n<< /Size {count} /Root 1 0 R /Info {info} 0 R >>\n"
    )
    return output + f"{end}startxref\n{len(output)}\n%%EOF\n".encode()
