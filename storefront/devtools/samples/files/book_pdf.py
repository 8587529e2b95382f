"""The book as PDF, set in lines of one width: whole, or one chapter to read before buying."""

from collections.abc import Iterator, Sequence

from storefront.devtools.samples.files.book import AUTHOR, TITLE, read_chapters
from storefront.devtools.samples.files.pdf import make_pdf, measure_roman, text_at

WIDTH, HEIGHT = 360, 540
LEFT, TOP, BOTTOM = 48, 420, 72
MEASURE = WIDTH - 2 * LEFT
SIZE, LEADING, INDENT = 11.5, 16.5, 16
SAMPLE_CHAPTER = 1  # the second


def make_book_pdf() -> bytes:
    cover = text_at(LEFT, 360, TITLE, font="roman", size=26) + text_at(LEFT, 330, AUTHOR, font="italic", size=14)
    return make_pdf(TITLE, [cover, *_pages(read_chapters())], width=WIDTH, height=HEIGHT)


def make_sample_chapter() -> bytes:
    chapter = read_chapters()[SAMPLE_CHAPTER]
    return make_pdf(f"{TITLE}: {chapter[0]}", list(_pages([chapter])), width=WIDTH, height=HEIGHT)


def _pages(chapters: Sequence[tuple[str, list[str]]]) -> Iterator[str]:
    for title, paragraphs in chapters:
        page = text_at(LEFT, TOP + 40, title, font="italic", size=19)
        y = float(TOP)
        for number, paragraph in enumerate(paragraphs):
            for line in _lines(paragraph, INDENT if number else 0):
                if y < BOTTOM:
                    yield page + _foot(title)
                    page, y = "", TOP + 40.0
                page += _set(line, y)
                y -= LEADING
        yield page + _foot(title)


def _foot(title: str) -> str:
    return text_at(LEFT, 40, f"{TITLE} - {title}", font="italic", size=9, gray=0.4)


def _lines(paragraph: str, indent: float) -> Iterator[tuple[str, float, bool]]:
    """Yield text, indent, and whether it ends its paragraph."""
    line = ""
    for word in paragraph.split():
        longer = f"{line} {word}".strip()
        if measure_roman(longer, SIZE) > MEASURE - indent:
            yield line, indent, False
            line, indent = word, 0
        else:
            line = longer
    yield line, indent, True


def _set(line: tuple[str, float, bool], y: float) -> str:
    text, indent, is_last = line
    room = MEASURE - indent - measure_roman(text, SIZE)
    gaps = text.count(" ")
    space = 0 if is_last or not gaps else room / gaps
    return text_at(LEFT + indent, y, text, font="roman", size=SIZE, space=space)
