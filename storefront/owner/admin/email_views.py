"""`/admin/emails`: what the shop's emails say, in each language."""

from collections.abc import Mapping

from flask import Response, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from storefront.core.errors import NotFound, StorefrontError
from storefront.core.languages import Language, find_language, offered
from storefront.owner.admin.blueprint import admin, here, needs
from storefront.owner.admin.frames import with_frame
from storefront.owner.admin.product_forms import shown_digests
from storefront.owner.admin.refused_saves import kept_digests, refusal_words
from storefront.owner.emails.page import list_emails, read_email_editor
from storefront.owner.emails.preview import preview_email
from storefront.owner.emails.send_test import send_email_test
from storefront.owner.people.roles import Permission
from storefront.shop.emails.edit import change_words, reset_words
from storefront.shop.emails.words import RULES
from storefront.web.bodies import takes_bytes
from storefront.web.headers import MAIL_IN_A_FRAME
from storefront.web.limits import limiter

# A text at its limit, in characters of four bytes that a form writes as three letters.
TEXT_BODY_BYTES = 256 * 1024


def language_named(code: str) -> Language:
    """Raises NotFound."""
    language = find_language(code)
    if language is None or language != code:
        raise NotFound("The shop does not speak this language.")
    return language


def as_mail(html: str) -> Response:
    """Show an email in a tab or a frame. Nothing on it can be sent anywhere."""
    response = make_response(html)
    response.headers["Content-Security-Policy"] = MAIL_IN_A_FRAME
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response


def _editor(
    kind: str,
    language: Language,
    *,
    refusal: StorefrontError | None = None,
    typed: Mapping[str, str] | None = None,
) -> ResponseReturnValue:
    editor = read_email_editor(kind, language, kept_digests(request.form, refusal))
    html = render_template(
        "owner/emails/edit.html", email=editor, typed=dict(typed or {}), me=here().email, **refusal_words(refusal)
    )
    return with_frame(make_response(html, refusal.status if refusal else 200))


def _typed() -> dict[str, str]:
    return {name: request.form[name] for name in RULES if name in request.form}


def _back(kind: str, language: Language) -> ResponseReturnValue:
    return redirect(url_for("admin.edit_email", kind=kind, language=language), 303)


@admin.get("/emails")
@needs(Permission.SHOP)
def emails() -> ResponseReturnValue:
    return render_template("owner/emails/list.html", emails=list_emails(), own_language=offered().own.value)


@admin.get("/emails/<kind>/<language>")
@needs(Permission.SHOP)
def edit_email(kind: str, language: str) -> ResponseReturnValue:
    return _editor(kind, language_named(language))


@admin.post("/emails/<kind>/<language>")
@needs(Permission.SHOP)
@takes_bytes(TEXT_BODY_BYTES)
def save_email(kind: str, language: str) -> ResponseReturnValue:
    spoken = language_named(language)
    values = _typed()
    try:
        changed = change_words(kind, spoken, values, shown=shown_digests(request.form))
    except NotFound:
        raise
    except StorefrontError as refusal:
        return _editor(kind, spoken, refusal=refusal, typed=values)
    flash("Saved. It counts from the next email on." if changed else "Nothing was changed.", "good")
    return _back(kind, spoken)


@admin.post("/emails/<kind>/<language>/reset")
@needs(Permission.SHOP)
def reset_email(kind: str, language: str) -> ResponseReturnValue:
    spoken = language_named(language)
    is_reset = reset_words(kind, spoken)
    flash("It says the shop’s own words again." if is_reset else "It says the shop’s own words already.", "good")  # noqa: RUF001
    return _back(kind, spoken)


@admin.post("/emails/<kind>/<language>/test")
@needs(Permission.SHOP)
@limiter.limit("3/minute;20/hour")
def test_email(kind: str, language: str) -> ResponseReturnValue:
    spoken = language_named(language)
    send_email_test(kind, spoken, here().email)
    flash(f"A test is on its way to {here().email}, with the words as they are saved.", "good")
    return _back(kind, spoken)


@admin.route("/emails/<kind>/<language>/preview", methods=["GET", "POST"])
@needs(Permission.SHOP)
@takes_bytes(TEXT_BODY_BYTES)
def preview_email_here(kind: str, language: str) -> ResponseReturnValue:
    """Show an email with words that are not saved."""
    return as_mail(preview_email(kind, language_named(language), _typed(), email=here().email).html)
