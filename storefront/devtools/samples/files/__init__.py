"""Small real files for the sample products, made by code: the same bytes on every machine."""

from storefront.devtools.samples.files.book import make_book
from storefront.devtools.samples.files.book_pdf import make_book_pdf, make_sample_chapter
from storefront.devtools.samples.files.font import make_font
from storefront.devtools.samples.files.icons import make_free_icons, make_icons
from storefront.devtools.samples.files.planner import make_planner
from storefront.devtools.samples.files.sounds import make_sound, make_sounds
from storefront.devtools.samples.files.tool import make_daybook, make_tool

__all__ = [
    "make_book",
    "make_book_pdf",
    "make_daybook",
    "make_font",
    "make_free_icons",
    "make_icons",
    "make_planner",
    "make_sample_chapter",
    "make_sound",
    "make_sounds",
    "make_tool",
]
