"""Small real files for the seed's products, made by code: the same bytes on every machine."""

from storefront.devtools.samples.files.book import make_book
from storefront.devtools.samples.files.font import make_font
from storefront.devtools.samples.files.sounds import make_sounds
from storefront.devtools.samples.files.tool import make_tool

__all__ = ["make_book", "make_font", "make_sounds", "make_tool"]
