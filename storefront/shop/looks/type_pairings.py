"""Type for headings and for text, of fonts that computers bring along: nothing is loaded, nobody is asked."""

from dataclasses import dataclass
from enum import StrEnum

SERIF = (
    '"Iowan Old Style", "Palatino Linotype", Palatino, "URW Palladio L", "TeX Gyre Pagella", Georgia, '
    '"Liberation Serif", serif'
)
BOOK_SERIF = 'Charter, "Bitstream Charter", "Sitka Text", Cambria, Georgia, "Liberation Serif", serif'
SANS = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Liberation Sans", Arial, sans-serif'
MONO = 'ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace'


class TypePairing(StrEnum):
    """What an owner chooses from."""

    CLASSIC = "classic"
    MODERN = "modern"
    BOOK = "book"
    TECHNICAL = "technical"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fonts:
    """Lists of fonts as `font-family` wants them, and the words for the owner."""

    headings: str
    text: str
    words: str


PAIRINGS = {
    TypePairing.CLASSIC: Fonts(headings=SERIF, text=SANS, words="Classic: headings with serifs, text without"),
    TypePairing.MODERN: Fonts(headings=SANS, text=SANS, words="Modern: no serifs anywhere"),
    TypePairing.BOOK: Fonts(headings=SERIF, text=BOOK_SERIF, words="Book: serifs everywhere"),
    TypePairing.TECHNICAL: Fonts(headings=MONO, text=SANS, words="Technical: headings like code"),
}
