"""`/admin/shop/looks`: accent color and type in one form; logo, icon and own font each in one of its own."""

from collections.abc import Mapping
from typing import Any

from flask import Response, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from storefront.core.errors import NotFound, StorefrontError
from storefront.owner.admin.blueprint import admin, needs
from storefront.owner.admin.product_forms import SHOWN, shown_digests
from storefront.owner.admin.refused_saves import kept_digests, refusal_words
from storefront.owner.admin.upload_views import check_uploader
from storefront.owner.people.roles import Permission
from storefront.shop.editor.stale import digest_of
from storefront.shop.looks.change import change_looks, read_written_looks
from storefront.shop.looks.files import LooksFile, remove_file, set_file
from storefront.shop.looks.swatch import draw_swatch
from storefront.shop.looks.type_pairings import PAIRINGS
from storefront.shop.profile.read import read_profile_anew
from storefront.web.bodies import streams_bytes
from storefront.web.turns import turn_aside

MOST_BYTES = 21 * 1000 * 1000  # of one form: the largest picture, with what is around it
LONGEST_TYPED = 200
SET_WORDS = {
    LooksFile.LOGO: "Your logo stands in the header of the shop.",
    LooksFile.LOGO_DARK: "Your logo for dark pages is in.",
    LooksFile.ICON: "Your icon is in. Browsers may show the old one for a while.",
    LooksFile.FONT: "Your font is in.",
}


def _page(
    *, part: str = "", refusal: StorefrontError | None = None, typed: Mapping[str, Any] | None = None
) -> Response:
    values = read_written_looks()
    kept = kept_digests(request.form, refusal)
    html = render_template(
        "owner/admin/looks.html",
        looks=read_profile_anew().looks,
        values=values | dict(typed or {}),
        shown={name: digest_of(value) for name, value in values.items()} | (kept if part == "looks" else {}),
        pairings=PAIRINGS,
        part=part,
        **refusal_words(refusal),
        offered=getattr(refusal, "offered", ""),
    )
    return make_response(html, refusal.status if refusal else 200)


def _back(words: str, part: str) -> ResponseReturnValue:
    flash(words or "Nothing was changed.", "good")
    return redirect(url_for("admin.shop_looks") + f"#{part}", 303)


@admin.get("/shop/looks")
@needs(Permission.SHOP)
def shop_looks() -> ResponseReturnValue:
    return _page()


@admin.post("/shop/looks")
@needs(Permission.SHOP)
def save_looks() -> ResponseReturnValue:
    """Save what changed. The button beside a refused color sends the one that was offered in its place."""
    typed = _read_form()
    try:
        changed = change_looks(typed, shown=shown_digests(request.form))
    except StorefrontError as refusal:
        return _page(part="looks", refusal=refusal, typed=typed)
    return _back("Saved. Your shop looks like this now." if changed else "", "looks")


@admin.get("/shop/looks/swatch.svg")
@needs(Permission.SHOP)
def looks_swatch() -> ResponseReturnValue:
    """Draw how a color looks on light and dark pages."""
    return Response(draw_swatch(request.args.get("accent", "")), mimetype="image/svg+xml")


@admin.post("/shop/looks/<kind>")
@needs(Permission.SHOP)
@streams_bytes(MOST_BYTES, check_sender=check_uploader, is_form=True)
def set_looks_file(kind: str) -> ResponseReturnValue:
    file, looks_file = request.files.get("file"), _kind(kind)
    if file is None or not file.filename:
        return _page(part=kind, refusal=StorefrontError("Choose a file first."))
    try:
        with turn_aside(request.environ):
            is_new = set_file(looks_file, file.stream, file.filename)
    except StorefrontError as refusal:
        return _page(part=kind, refusal=refusal)
    return _back(SET_WORDS[looks_file] if is_new else "", kind)


@admin.post("/shop/looks/<kind>/remove")
@needs(Permission.SHOP)
def remove_looks_file(kind: str) -> ResponseReturnValue:
    looks_file = _kind(kind)
    try:
        is_gone = remove_file(looks_file, shown_sha256=request.form.get("sha256", ""))
    except StorefrontError as refusal:
        return _page(part=kind, refusal=refusal)
    return _back("Removed." if is_gone else "", kind)


def _kind(word: str) -> LooksFile:
    """Raises NotFound."""
    if word not in set(LooksFile):
        raise NotFound
    return LooksFile(word)


def _read_form() -> dict[str, Any]:
    """Return the fields that the form sends. A box without its tick is not sent, its digest is."""
    form = request.form
    fields: dict[str, Any] = {
        name: form[name][:LONGEST_TYPED] for name in ("accent", "type_pairing") if name in form
    }
    if form.get("offered"):
        fields["accent"] = form["offered"][:LONGEST_TYPED]
    if "font_for_text" in form or SHOWN + "font_for_text" in form:
        fields["font_for_text"] = form.get("font_for_text") == "yes"
    return fields
