"""`/admin/pages`: the shop's own pages and the consent to immediate delivery."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from storefront.core import clock
from storefront.core.errors import NotFound, StorefrontError
from storefront.owner.admin.blueprint import admin, needs
from storefront.owner.admin.frames import framed, with_frame
from storefront.owner.admin.product_forms import SHOWN, shown_digests
from storefront.owner.admin.refused_saves import kept_digests, refusal_words
from storefront.owner.pages.editor import read_page_editor, read_pages_list
from storefront.owner.pages.starters import create_page
from storefront.owner.people.roles import Permission
from storefront.shop.editor.refusals import FieldsRefused
from storefront.shop.pages import edit
from storefront.shop.pages.consent import change_consent
from storefront.shop.pages.models import LegalKind
from storefront.shop.pages.queries import show
from storefront.web.bodies import takes_bytes

# A text at its limit: characters of four bytes, each byte three letters of a form.
TEXT_BODY_BYTES = 768 * 1024
LONGEST_PREVIEW = 100_000  # characters


def _listing(
    *, refusal: StorefrontError | None = None, typed: Mapping[str, Any] | None = None
) -> ResponseReturnValue:
    kept = kept_digests(request.form, refusal)
    html = render_template(
        "owner/pages/list.html",
        listing=read_pages_list(kept),
        **refusal_words(refusal),
        typed=dict(typed or {}),
    )
    return make_response(html, refusal.status if refusal else 200)


def _editor(
    slug: str, *, refusal: StorefrontError | None = None, typed: Mapping[str, Any] | None = None
) -> ResponseReturnValue:
    """Show the editor; after a refusal with what was typed, and why it was not saved."""
    kept = kept_digests(request.form, refusal)
    html = render_template(
        "owner/pages/edit.html",
        page=read_page_editor(slug, kept),
        **refusal_words(refusal),
        typed=dict(typed or {}),
    )
    return with_frame(make_response(html, refusal.status if refusal else 200))


def _act(slug: str, change: Callable[[str], object], words: str) -> ResponseReturnValue:
    """Do what a button asks of a page, and show its editor again."""
    try:
        change(slug)
    except NotFound:
        raise
    except StorefrontError as refusal:
        return _editor(slug, refusal=refusal)
    flash(words, "good")
    return redirect(url_for("admin.edit_page", slug=slug), 303)


@admin.get("/pages")
@needs(Permission.SHOP)
def pages() -> ResponseReturnValue:
    return _listing()


@admin.post("/pages")
@needs(Permission.SHOP)
def make_page() -> ResponseReturnValue:
    typed = {name: request.form.get(name, "").strip() for name in ("title", "slug")}
    kind = request.form.get("kind", "")
    try:
        slug = create_page(**typed, kind=kind if kind in set(LegalKind) else None)
    except FieldsRefused as refusal:
        return _listing(refusal=refusal, typed={name: text[:200] for name, text in typed.items()})
    flash("Your page is a draft: nobody sees it until you publish it.", "good")
    return redirect(url_for("admin.edit_page", slug=slug), 303)


@admin.get("/pages/<slug>")
@needs(Permission.SHOP)
def edit_page(slug: str) -> ResponseReturnValue:
    return _editor(slug)


@admin.post("/pages/<slug>")
@needs(Permission.SHOP)
@takes_bytes(TEXT_BODY_BYTES)
def save_page(slug: str) -> ResponseReturnValue:
    values = {name: request.form[name] for name in edit.FIELDS if name in request.form}
    try:
        changed = edit.change_page(slug, values, shown=shown_digests(request.form))
    except NotFound:
        raise
    except StorefrontError as refusal:
        return _editor(slug, refusal=refusal, typed=values)
    flash("Saved." if changed else "Nothing was changed.", "good")
    return redirect(url_for("admin.edit_page", slug=slug), 303)


@admin.post("/pages/<slug>/publish")
@needs(Permission.SHOP)
def publish_page(slug: str) -> ResponseReturnValue:
    return _act(slug, edit.publish_page, "Published: every page of the shop links to it.")


@admin.post("/pages/<slug>/unpublish")
@needs(Permission.SHOP)
def unpublish_page(slug: str) -> ResponseReturnValue:
    return _act(slug, edit.unpublish_page, "Back to a draft: its address says that there is no page.")


@admin.post("/pages/<slug>/move")
@needs(Permission.SHOP)
def move_page(slug: str) -> ResponseReturnValue:
    edit.move_page(slug, is_up=request.form.get("to") == "up")
    return redirect(url_for("admin.pages"), 303)


@admin.post("/pages/<slug>/delete")
@needs(Permission.SHOP)
def delete_page(slug: str) -> ResponseReturnValue:
    try:
        edit.delete_page(slug)
        words = f"Deleted. Links to /pages/{slug} now say that there is no page. The audit log keeps its words."
    except NotFound:
        words = "It was deleted already."
    flash(words, "good")
    return redirect(url_for("admin.pages"), 303)


@admin.route("/pages/<slug>/preview", methods=["GET", "POST"])
@needs(Permission.SHOP)
@takes_bytes(TEXT_BODY_BYTES)
def preview_page(slug: str) -> ResponseReturnValue:
    """Show the page with what is typed and not saved, or a draft as it is saved."""
    saved = read_page_editor(slug).values
    title, body = (str(request.form.get(name, saved[name])) for name in ("title", "body_markdown"))
    page = show(slug, title, body[:LONGEST_PREVIEW], clock.now())
    return framed(make_response(render_template("shop/pages/page.html", page=page)))


def _sent_consent(form: Mapping[str, str]) -> dict[str, Any]:
    """A box without its tick is not sent, its digest is."""
    values: dict[str, Any] = {}
    if f"{SHOWN}asks_consent" in form or "asks_consent" in form:
        values["asks_consent"] = form.get("asks_consent") == "yes"
    if "consent_text" in form:
        values["consent_text"] = form["consent_text"]
    return values


@admin.post("/consent")
@needs(Permission.SHOP)
def save_consent() -> ResponseReturnValue:
    values = _sent_consent(request.form)
    try:
        changed = change_consent(values, shown=shown_digests(request.form))
    except StorefrontError as refusal:
        return _listing(refusal=refusal, typed=values)
    flash("Saved. It counts for checkouts that begin from now on." if changed else "Nothing was changed.", "good")
    return redirect(url_for("admin.pages") + "#consent", 303)
