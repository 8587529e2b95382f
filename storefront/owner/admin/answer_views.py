"""`/admin/answers`: prepared answers to buyers, in each language."""

from collections.abc import Mapping

from flask import flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from storefront.core.errors import NotFound, StorefrontError
from storefront.core.languages import Language, offered
from storefront.owner.admin.blueprint import admin, here, needs
from storefront.owner.admin.email_views import TEXT_BODY_BYTES, as_mail, language_named
from storefront.owner.admin.frames import with_frame
from storefront.owner.admin.product_forms import shown_digests
from storefront.owner.admin.refused_saves import kept_digests, refusal_words
from storefront.owner.answers.page import preview_sample, read_answer_editor
from storefront.owner.people.roles import Permission
from storefront.shop.answers.edit import change_answer, delete_answer, make_answer, move_answer, reset_answer
from storefront.shop.answers.queries import list_answers
from storefront.shop.answers.words import FIELDS
from storefront.shop.editor.places import digest_of_order
from storefront.web.bodies import takes_bytes

LAST_PLACE = 10_000


def _listing(refusal: StorefrontError | None = None) -> ResponseReturnValue:
    answers = list_answers()
    page = render_template(
        "owner/answers/list.html",
        answers=answers,
        own_language=offered().own.value,
        digest=digest_of_order([each.key for each in answers]),
        typed=request.form.get("title", ""),
        **refusal_words(refusal),
    )
    return make_response(page, refusal.status if refusal else 200)


def _editor(
    key: str,
    language: Language,
    *,
    refusal: StorefrontError | None = None,
    typed: Mapping[str, str] | None = None,
) -> ResponseReturnValue:
    editor = read_answer_editor(key, language, kept_digests(request.form, refusal))
    page = render_template(
        "owner/answers/edit.html", editor=editor, typed=dict(typed or {}), **refusal_words(refusal)
    )
    return with_frame(make_response(page, refusal.status if refusal else 200))


def _typed() -> dict[str, str]:
    return {name: request.form[name] for name in FIELDS if name in request.form}


def _done(words: str, address: str) -> ResponseReturnValue:
    flash(words, "good")
    return redirect(address, 303)


def _of(key: str, language: str) -> str:
    return url_for("admin.edit_answer", key=key, language=language)


@admin.get("/answers")
@needs(Permission.SHOP)
def answers() -> ResponseReturnValue:
    return _listing()


@admin.post("/answers")
@needs(Permission.SHOP)
def make_answer_here() -> ResponseReturnValue:
    try:
        key = make_answer(request.form.get("title", ""))
    except StorefrontError as refusal:
        return _listing(refusal)
    return _done("Now write what it says.", _of(key, offered().own.value))


@admin.get("/answers/<key>/<language>")
@needs(Permission.SHOP)
def edit_answer(key: str, language: str) -> ResponseReturnValue:
    return _editor(key, language_named(language))


@admin.post("/answers/<key>/<language>")
@needs(Permission.SHOP)
@takes_bytes(TEXT_BODY_BYTES)
def save_answer(key: str, language: str) -> ResponseReturnValue:
    spoken, values = language_named(language), _typed()
    try:
        changed = change_answer(key, spoken, values, shown=shown_digests(request.form))
    except NotFound:
        raise
    except StorefrontError as refusal:
        return _editor(key, spoken, refusal=refusal, typed=values)
    return _done("Saved." if changed else "Nothing was changed.", _of(key, spoken.value))


@admin.post("/answers/<key>/<language>/reset")
@needs(Permission.SHOP)
def reset_answer_here(key: str, language: str) -> ResponseReturnValue:
    is_reset = reset_answer(key, language_named(language))
    return _done("Your words are gone." if is_reset else "There were no words of yours.", _of(key, language))


@admin.route("/answers/<key>/<language>/preview", methods=["GET", "POST"])
@needs(Permission.SHOP)
@takes_bytes(TEXT_BODY_BYTES)
def preview_answer_here(key: str, language: str) -> ResponseReturnValue:
    """Show an answer with words that are not saved. Nothing on it can be sent anywhere."""
    return as_mail(preview_sample(key, language_named(language), _typed(), email=here().email))


@admin.post("/answers/<key>/move")
@needs(Permission.SHOP)
def move_answer_here(key: str) -> ResponseReturnValue:
    position = request.form.get("position", type=int) or 1
    try:
        move_answer(key, min(max(position, 1), LAST_PLACE), shown=shown_digests(request.form).get("order"))
    except NotFound:
        raise
    except StorefrontError as refusal:
        return _listing(refusal)
    return redirect(url_for("admin.answers"), 303)


@admin.post("/answers/<key>/delete")
@needs(Permission.SHOP)
def delete_answer_here(key: str) -> ResponseReturnValue:
    try:
        is_gone = delete_answer(key)
    except StorefrontError as refusal:
        return _listing(refusal)
    return _done("Deleted." if is_gone else "It was deleted already.", url_for("admin.answers"))
