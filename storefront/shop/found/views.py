"""What search engines, feed readers and phones ask for: map, rules, feeds, changelogs, manifest, icons."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from storefront.core.errors import NotFound
from storefront.shop.catalog.products import MovedPage, get_product_page
from storefront.shop.catalog.published import get_changelog, list_published
from storefront.shop.found.faces import (
    TOUCH_SIDE,
    LogoFace,
    draw_face,
    draw_icon,
    draw_mail_logo,
    find_face,
    find_face_of_shop,
    icon_face,
    tag_of,
    touch_icon,
)
from storefront.shop.found.feeds import write_changelog_feed, write_products_feed
from storefront.shop.found.mail_face import logo_of, logo_tag, mail_face
from storefront.shop.found.manifest import write_manifest
from storefront.shop.found.robots import write_robots
from storefront.shop.found.sitemap import list_places, write_part, write_sitemap
from storefront.shop.media.queries import ADDRESS, find_pictures
from storefront.shop.profile.read import read_profile
from storefront.web.open_pages import KEEP_FOR_A_YEAR, file_for_all, is_open_to_all, lead_all_to

# Open: all of it is for everybody.
found = Blueprint("found", __name__)
found.add_app_template_global(touch_icon, "touch_icon")
found.add_app_template_global(mail_face, "mail_face")

ATOM = "application/atom+xml; charset=utf-8"
XML = "application/xml; charset=utf-8"


@found.get("/robots.txt")
def robots() -> ResponseReturnValue:
    return file_for_all(write_robots().encode(), "text/plain; charset=utf-8")


@found.get("/sitemap.xml")
def sitemap() -> ResponseReturnValue:
    return file_for_all(write_sitemap(list_places()), XML)


@found.get("/sitemap-<int(max=999):number>.xml")
def sitemap_part(number: int) -> ResponseReturnValue:
    return file_for_all(write_part(list_places(), number), XML)


@found.get("/feed.xml")
def products_feed() -> ResponseReturnValue:
    profile = read_profile()
    return file_for_all(
        write_products_feed(list_published(), shop_name=profile.name, tagline=profile.tagline), ATOM
    )


@found.get("/products/<slug>/changelog")
def changelog(slug: str) -> ResponseReturnValue:
    try:
        shown = get_changelog(slug)
    except MovedPage as moved:
        is_open_to_all()
        return redirect(url_for("found.changelog", slug=moved.slug), code=301)
    is_open_to_all(is_found=shown.is_listed)
    return render_template("shop/found/changelog.html", changelog=shown)


@found.get("/products/<slug>/changelog.xml")
def changelog_feed(slug: str) -> ResponseReturnValue:
    try:
        shown = get_changelog(slug)
    except MovedPage as moved:
        is_open_to_all()
        return redirect(url_for("found.changelog_feed", slug=moved.slug), code=301)
    return file_for_all(write_changelog_feed(shown, shop_name=read_profile().name), ATOM)


@found.get("/products/<slug>/share-<tag>.jpg")
def share_picture(slug: str, tag: str) -> ResponseReturnValue:
    """Show a product as networks do, in the language of the page that names it.

    An older address answers with the picture of today.
    """
    try:
        page = get_product_page(slug)
    except MovedPage as moved:
        is_open_to_all()
        return redirect(url_for("found.share_picture", slug=moved.slug, tag=tag), code=301)
    product_id = page.card.product_id
    face = find_face(page, find_pictures([product_id])[product_id], read_profile(), tag)
    return _drawn(draw_face(face), "image/jpeg", is_newest=tag == tag_of(face))


@found.get("/share-<tag>.jpg")
def shop_picture(tag: str) -> ResponseReturnValue:
    """Show the shop as networks do, in the language of the page that names it."""
    face = find_face_of_shop(tag)
    if face is None:
        raise NotFound("This shop has no such picture.")
    return _drawn(draw_face(face), "image/jpeg", is_newest=tag == tag_of(face))


@found.get("/favicon.ico")
def favicon() -> ResponseReturnValue:
    """Lead to the icon: feed readers and previews of links ask here, whatever a page names."""
    profile = read_profile()
    return lead_all_to(profile.looks.icon.url if profile.looks.icon else touch_icon(profile))


@found.get("/icons/<tag>-<any('192', '512', '180'):side>.png", endpoint="icon")
@found.get("/icons/<tag>-maskable-<any('192', '512'):side>.png", endpoint="maskable_icon")
def icon(tag: str, side: str) -> ResponseReturnValue:
    face = icon_face(read_profile())
    is_maskable = request.endpoint == "found.maskable_icon" or int(side) == TOUCH_SIDE
    content = draw_icon(face, int(side), is_maskable=is_maskable)
    return _drawn(content, "image/png", is_newest=tag == tag_of(face))


@found.get("/email/<any('logo', 'logo-dark'):kind>/<tag>.png")
def mail_logo(kind: str, tag: str) -> ResponseReturnValue:
    """Show the logo in emails. An older address answers with the logo of today."""
    image = logo_of(read_profile(), kind)
    content = draw_mail_logo(LogoFace(name=image.url.removeprefix(ADDRESS))) if image else None
    if image is None or content is None:
        raise NotFound("This shop has no such logo.")
    return _drawn(content, "image/png", is_newest=tag == logo_tag(image))


@found.get("/manifest.webmanifest")
def manifest() -> ResponseReturnValue:
    return file_for_all(write_manifest(read_profile()), "application/manifest+json")


def _drawn(content: bytes, content_type: str, *, is_newest: bool) -> ResponseReturnValue:
    answer = file_for_all(content, content_type)
    if is_newest:
        answer.headers["Cache-Control"] = KEEP_FOR_A_YEAR
    return answer
