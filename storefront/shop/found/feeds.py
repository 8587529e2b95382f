"""Atom feeds (RFC 4287): new products of the shop, and new releases of a product."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, urlsplit
from xml.etree.ElementTree import Element, SubElement, tostring

from storefront.core.runtime import absolute_url, settings
from storefront.shop.catalog.published import Changelog, PublishedProduct
from storefront.shop.found.words import for_xml

NAMESPACE = "http://www.w3.org/2005/Atom"
MOST_ENTRIES = 50  # readers ask often, and want what is new
SINCE = "2026"  # of the tags of RFC 4151: a year in which the shop's host was its owner's


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """`html` of `content` is safe HTML; otherwise it is plain text."""

    id: str
    title: str
    url: str
    published_at: datetime
    updated_at: datetime
    content: str
    is_html: bool


def write_products_feed(products: tuple[PublishedProduct, ...], *, shop_name: str, tagline: str) -> bytes:
    newest = sorted(products, key=lambda product: product.new_at, reverse=True)
    entries = [
        Entry(
            id=_tag(f"products/{product.first_slug}"),
            title=product.name,
            url=absolute_url("catalog.product", slug=product.slug),
            published_at=product.new_at,
            updated_at=product.changed_at,
            content=product.summary,
            is_html=False,
        )
        for product in newest[:MOST_ENTRIES]
    ]
    feed = _feed(
        title=shop_name,
        subtitle=tagline,
        author=shop_name,
        feed_id=_tag("products"),
        own_url=absolute_url("found.products_feed"),
        page_url=absolute_url("catalog.catalog"),
    )
    return _write(feed, entries)


def write_changelog_feed(changelog: Changelog, *, shop_name: str) -> bytes:
    page_url = absolute_url("found.changelog", slug=changelog.slug)
    entries = [
        Entry(
            id=_tag(f"products/{changelog.first_slug}/releases/{release.id}"),
            title=f"{changelog.name} {release.version}",
            url=f"{page_url}#release-{release.id}",
            published_at=release.published_at,
            updated_at=release.published_at,
            content=str(release.notes),
            is_html=True,
        )
        for release in changelog.releases[:MOST_ENTRIES]
    ]
    feed = _feed(
        title=f"{changelog.name}: what's new",
        subtitle="",
        author=shop_name,
        feed_id=_tag(f"products/{changelog.first_slug}/releases"),
        own_url=absolute_url("found.changelog_feed", slug=changelog.slug),
        page_url=page_url,
    )
    return _write(feed, entries, or_else=changelog.created_at)


def _tag(path: str) -> str:
    """Return a name that no later address changes (RFC 4151)."""
    return f"tag:{urlsplit(settings().base_url).hostname},{SINCE}:{quote(path)}"


def _feed(*, title: str, subtitle: str, author: str, feed_id: str, own_url: str, page_url: str) -> Element:
    feed = Element("feed", xmlns=NAMESPACE)
    _add(feed, "title", title)
    if subtitle:
        _add(feed, "subtitle", subtitle)
    _add(feed, "id", feed_id)
    SubElement(feed, "link", rel="self", type="application/atom+xml", href=own_url)
    SubElement(feed, "link", rel="alternate", type="text/html", href=page_url)
    _add(SubElement(feed, "author"), "name", author)
    return feed


def _write(feed: Element, entries: list[Entry], *, or_else: datetime | None = None) -> bytes:
    """Return the feed as a document. An empty one needs a date as well: `or_else`, or the beginning of time."""
    changed = [entry.updated_at for entry in entries]
    newest = max(changed, default=or_else)
    _add(feed, "updated", newest.isoformat(timespec="seconds") if newest else "1970-01-01T00:00:00+00:00")
    for entry in entries:
        _add_entry(feed, entry)
    content: bytes = tostring(feed, encoding="utf-8", xml_declaration=True)
    return content


def _add_entry(feed: Element, entry: Entry) -> None:
    element = SubElement(feed, "entry")
    _add(element, "title", entry.title)
    _add(element, "id", entry.id)
    SubElement(element, "link", rel="alternate", type="text/html", href=entry.url)
    _add(element, "published", entry.published_at.isoformat(timespec="seconds"))
    _add(element, "updated", entry.updated_at.isoformat(timespec="seconds"))
    _add(element, "content", entry.content, type="html" if entry.is_html else "text")


def _add(parent: Element, name: str, text: str, **attributes: str) -> None:
    SubElement(parent, name, attributes).text = for_xml(text)
