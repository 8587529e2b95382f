"""The e-book: an EPUB 3 with a table of contents, made of a few short chapters."""

from html import escape
from pathlib import Path

from storefront.devtools.samples.files.archive import make_zip

TITLE = "The Patient Toolmaker"
AUTHOR = "Ines Arvola"
# A chapter is a line with # and its paragraphs, all separated by empty lines.
TEXT = Path(__file__).parent / "the_patient_toolmaker.txt"
IDENTIFIER = "urn:uuid:3f0c6a52-7d0e-4b7b-9b55-6f1d8a5b2c11"
MODIFIED = "2026-01-01T00:00:00Z"

CONTAINER = """<?xml version="1.0" encoding="UTF-8"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
  <rootfiles>
    <rootfile full-path="book/package.opf" media-type="application/oebps-package+xml"/>
  </rootfiles>
</container>
"""
STYLE = """body { font-family: serif; line-height: 1.5; margin: 1em; }
h1 { font-weight: normal; margin: 2em 0 1em; }
.title { text-align: center; margin-top: 30%; }
p { margin: 0; text-indent: 1.4em; }
h1 + p { text-indent: 0; }
"""


def read_chapters() -> list[tuple[str, list[str]]]:
    """Return the title and the paragraphs of each chapter."""
    chapters: list[tuple[str, list[str]]] = []
    for block in TEXT.read_text(encoding="utf-8").strip().split("\n\n"):
        if block.startswith("# "):
            chapters.append((block.removeprefix("# "), []))
        else:
            chapters[-1][1].append(" ".join(block.split()))
    return chapters


def _page(title: str, body: str) -> bytes:
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops" lang="en" xml:lang="en">
<head><title>{escape(title)}</title><link rel="stylesheet" href="style.css"/></head>
<body>{body}</body>
</html>
""".encode()


def _chapter(title: str, paragraphs: list[str]) -> bytes:
    text = "\n".join(f"<p>{escape(paragraph, quote=False)}</p>" for paragraph in paragraphs)
    return _page(title, f"<h1>{escape(title)}</h1>\n{text}")


def _contents(titles: dict[str, str]) -> bytes:
    entries = "".join(f'<li><a href="{name}">{escape(title)}</a></li>' for name, title in titles.items())
    return _page("Contents", f'<nav epub:type="toc"><h1>Contents</h1><ol>{entries}</ol></nav>')


def _package(names: list[str]) -> bytes:
    manifest = "".join(
        f'<item id="c{number}" href="{name}" media-type="application/xhtml+xml"/>'
        for number, name in enumerate(names)
    )
    spine = "".join(f'<itemref idref="c{number}"/>' for number in range(len(names)))
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id" xml:lang="en">
  <metadata xmlns:dc="http://purl.org/dc/elements/1.1/">
    <dc:identifier id="id">{IDENTIFIER}</dc:identifier>
    <dc:title>{escape(TITLE)}</dc:title>
    <dc:creator>{escape(AUTHOR)}</dc:creator>
    <dc:language>en</dc:language>
    <meta property="dcterms:modified">{MODIFIED}</meta>
  </metadata>
  <manifest>
    <item id="style" href="style.css" media-type="text/css"/>
    <item id="title" href="title.xhtml" media-type="application/xhtml+xml"/>
    <item id="nav" href="contents.xhtml" media-type="application/xhtml+xml" properties="nav"/>
    {manifest}
  </manifest>
  <spine><itemref idref="title"/><itemref idref="nav"/>{spine}</spine>
</package>
""".encode()


def make_book() -> bytes:
    chapters = {f"chapter-{number}.xhtml": chapter for number, chapter in enumerate(read_chapters(), start=1)}
    title_page = f'<div class="title"><h1>{escape(TITLE)}</h1><p>{escape(AUTHOR)}</p></div>'
    return make_zip(
        {
            # First and not compressed: this is how a reader knows the file for an EPUB.
            "mimetype": b"application/epub+zip",
            "META-INF/container.xml": CONTAINER.encode(),
            "book/package.opf": _package(list(chapters)),
            "book/style.css": STYLE.encode(),
            "book/title.xhtml": _page(TITLE, title_page),
            "book/contents.xhtml": _contents({name: title for name, (title, _) in chapters.items()}),
            **{f"book/{name}": _chapter(title, text) for name, (title, text) in chapters.items()},
        },
        stored=frozenset({"mimetype"}),
    )
