"""The map of the shop for search engines: https://www.sitemaps.org/protocol.html.

Its pages in other languages stand beside each address:
https://developers.google.com/search/docs/specialty/international/localized-versions#sitemap.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from xml.etree.ElementTree import Element, SubElement, tostring

from storefront.core.errors import NotFound
from storefront.core.languages import Language, offered
from storefront.core.runtime import absolute_url, settings
from storefront.shop.catalog.published import PublishedProduct, list_published
from storefront.shop.pages.queries import list_public_pages

MOST_ADDRESSES = 50_000  # of a file, by the protocol
NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"
XHTML = "http://www.w3.org/1999/xhtml"


@dataclass(frozen=True, slots=True)
class Place:
    """A page that search engines may show; when it changed last, where the shop knows."""

    url: str
    changed_at: datetime | None = None


def list_places() -> tuple[Place, ...]:
    """Return what everybody may find: nothing that is unlisted, a draft or retired. Two statements."""
    places = [Place(absolute_url("catalog.catalog"))]
    for product in list_published():
        places.extend(_places_of(product))
    places.extend(
        Place(absolute_url("pages.page", slug=page.slug), page.updated_at) for page in list_public_pages()
    )
    return tuple(places)


def _places_of(product: PublishedProduct) -> Iterator[Place]:
    yield Place(absolute_url("catalog.product", slug=product.slug), product.changed_at)
    if product.has_releases:
        yield Place(absolute_url("found.changelog", slug=product.slug), product.changed_at)


def write_sitemap(places: tuple[Place, ...], *, most: int = MOST_ADDRESSES) -> bytes:
    """Return the map, or an index of its parts where it is too long for one file."""
    if len(places) <= most:
        return _pages(places)
    parts = range(1, -(-len(places) // most) + 1)
    return _document(
        "sitemapindex",
        "sitemap",
        tuple(Place(absolute_url("found.sitemap_part", number=number)) for number in parts),
    )


def write_part(places: tuple[Place, ...], number: int, *, most: int = MOST_ADDRESSES) -> bytes:
    """Return one part of a long map, counted from 1.

    Raises:
        NotFound: there are not that many.
    """
    part = places[(number - 1) * most : number * most] if number > 0 else ()
    if not part:
        raise NotFound
    return _pages(part)


def _pages(places: tuple[Place, ...]) -> bytes:
    languages = offered().languages
    return _document("urlset", "url", places, languages if len(languages) > 1 else ())


def _add_languages(entry: Element, url: str, languages: tuple[Language, ...]) -> None:
    base = settings().base_url
    addresses = {str(language): f"{base}/{language}{url.removeprefix(base)}" for language in languages}
    for code, address in (addresses | {"x-default": url}).items():
        SubElement(entry, "xhtml:link", rel="alternate", hreflang=code, href=address)


def _document(
    root_name: str, entry_name: str, places: tuple[Place, ...], languages: tuple[Language, ...] = ()
) -> bytes:
    root = Element(root_name, {"xmlns": NAMESPACE} | ({"xmlns:xhtml": XHTML} if languages else {}))
    for place in places:
        entry = SubElement(root, entry_name)
        SubElement(entry, "loc").text = place.url
        if place.changed_at:
            SubElement(entry, "lastmod").text = place.changed_at.isoformat(timespec="seconds")
        if languages:
            _add_languages(entry, place.url, languages)
    content: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return content
