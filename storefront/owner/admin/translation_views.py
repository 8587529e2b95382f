"""`/admin/translations/…`: texts of a product, of a page and of the shop beside their originals."""

import re
from collections.abc import Mapping
from typing import Any

from flask import flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from storefront.core.errors import NotFound, StorefrontError
from storefront.core.languages import Language
from storefront.owner.admin.blueprint import admin, needs
from storefront.owner.admin.product_forms import KEEP, SEEN, SHOWN, read_texts, shown_digests
from storefront.owner.admin.refused_saves import kept_digests, refusal_words
from storefront.owner.people.roles import Permission
from storefront.owner.translations.editor import SHOP, other_languages, read_editor, save_texts
from storefront.web.bodies import takes_bytes

# All texts at their limits: characters of four bytes, each byte three letters of a form.
TRANSLATIONS_BODY_BYTES = 768 * 1024
NOT_TEXTS = {"csrf_token", "still_right", "question", "answer"}
ORIGINAL = "original-"
MARK = re.compile(r"[0-9a-f.]{0,300}")
OF_ONE = "/translations/<language>/<kind>/<slug>"


def _page(
    kind: str,
    slug: str,
    language: str,
    *,
    refusal: StorefrontError | None = None,
    typed: Mapping[str, Any] | None = None,
) -> ResponseReturnValue:
    """Show the texts. After a refusal with what was typed, and why it was not saved."""
    html = render_template(
        "owner/translations/edit.html",
        page=read_editor(kind, slug, language, kept_digests(request.form, refusal), _originals()),
        **refusal_words(refusal),
        typed=dict(typed or {}),
    )
    return make_response(html, refusal.status if refusal else 200)


@admin.app_template_global("other_languages")
def _other_languages() -> tuple[Language, ...]:
    return other_languages()


@admin.get("/translations/<language>")
@admin.get(OF_ONE)
@needs(Permission.SHOP)
def translations(language: str, kind: str = SHOP, slug: str = "") -> ResponseReturnValue:
    return _page(kind, slug, language)


@admin.post("/translations/<language>")
@admin.post(OF_ONE)
@needs(Permission.SHOP)
@takes_bytes(TRANSLATIONS_BODY_BYTES)
def save_translations(language: str, kind: str = SHOP, slug: str = "") -> ResponseReturnValue:
    values = _read(request.form)
    still_right = request.form.getlist("still_right")
    try:
        shown = shown_digests(request.form)
        saved = save_texts(
            kind, slug, language, values, shown=shown, still_right=still_right, originals=_originals()
        )
    except NotFound:
        raise
    except StorefrontError as refusal:
        return _page(kind, slug, language, refusal=refusal, typed=values)
    flash("Saved." if saved.is_changed else "Nothing was changed.", "good")
    if saved.overtaken:
        flash(f"The original was changed while you read it: {', '.join(saved.overtaken)}. Look again.", "bad")
    if not slug:
        return redirect(url_for("admin.translations", language=language), 303)
    return redirect(url_for("admin.translations", language=language, kind=kind, slug=slug), 303)


def _originals() -> dict[str, str]:
    """Return the marks of the originals that stood beside the fields, by name. A page from before has none."""
    marks = {
        name.removeprefix(ORIGINAL): value for name, value in request.form.items() if name.startswith(ORIGINAL)
    }
    return {name: mark for name, mark in marks.items() if MARK.fullmatch(mark)}


def _read(form: MultiDict[str, str]) -> dict[str, Any]:
    carried = (SHOWN, SEEN, KEEP, ORIGINAL)
    texts = {name: value for name, value in form.items() if name not in NOT_TEXTS and not name.startswith(carried)}
    lists = {name: value for name, value in read_texts(form).items() if isinstance(value, list)}
    return texts | lists
