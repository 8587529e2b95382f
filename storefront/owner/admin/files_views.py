"""`/admin/products/<slug>/files`: releases with their files, notes, publishing, news; upload by a form."""

from urllib.parse import quote

from flask import flash, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from storefront.buyers.library.news import tell_buyers
from storefront.core.errors import StorefrontError
from storefront.owner.admin.blueprint import admin, here, needs
from storefront.owner.admin.upload_views import check_uploader
from storefront.owner.people.roles import Permission
from storefront.owner.uploads import by_form
from storefront.owner.uploads.finish import finish
from storefront.owner.uploads.forget import cancel
from storefront.owner.uploads.page import check_stored, get_release, read_files_page
from storefront.owner.uploads.queries import get_upload_of
from storefront.owner.uploads.start import MOST_BYTES
from storefront.shop.catalog.drafts import remove_draft, remove_draft_file
from storefront.shop.catalog.markdown import render_markdown
from storefront.shop.catalog.notes import LONGEST_NOTES, change_notes
from storefront.shop.catalog.publish import publish, withdraw
from storefront.shop.editor.stale import digest_of
from storefront.web.bodies import streams_bytes, takes_bytes
from storefront.web.limits import limiter
from storefront.web.turns import turn_aside

NOTES_BODY_BYTES = 256 * 1024  # 20,000 characters of four bytes, each byte three letters of a form


def _page_of(slug: str) -> str:
    return f"/admin/products/{quote(slug, safe='')}/files"


def _back(slug: str, version: str = "") -> ResponseReturnValue:
    return redirect(_page_of(slug) + (f"#release-{quote(version, safe='')}" if version else ""), 303)


def _files_page(slug: str, *, status: int = 200, error: str = "", version: str = "") -> ResponseReturnValue:
    page = render_template(
        "owner/admin/files.html",
        page=read_files_page(here().person_id, slug),
        error=error,
        version=version[:200],
        most_bytes=MOST_BYTES,
        most_by_form=by_form.MOST_BYTES,
        render_markdown=render_markdown,
        digest_of=digest_of,
    )
    return make_response(page, status)


@admin.get("/products/<slug>/files")
@needs(Permission.SHOP)
def product_files(slug: str) -> ResponseReturnValue:
    return _files_page(slug)


@admin.post("/products/<slug>/files")
@needs(Permission.SHOP)
@streams_bytes(by_form.MOST_BYTES, check_sender=check_uploader, is_form=True)
def send_files(slug: str) -> ResponseReturnValue:
    version = request.form.get("version", "").strip()
    files = [
        by_form.SentFile(filename=file.filename, content=file.stream)
        for file in request.files.getlist("files")
        if file.filename
    ]
    try:
        with turn_aside(request.environ):
            names = by_form.take_files(slug, version, files)
    except StorefrontError as refusal:
        return _files_page(slug, status=refusal.status, error=refusal.message, version=version)
    flash(f"{', '.join(names)}: in the draft {version}. Buyers see it when you publish it.", "good")
    return _back(slug, version)


@admin.get("/products/<slug>/files/<version>/notes")
@needs(Permission.SHOP)
def release_notes(slug: str, version: str) -> ResponseReturnValue:
    return _notes_page(slug, version, notes=get_release(slug, version).notes)


def _notes_page(
    slug: str, version: str, *, notes: str, error: str = "", status: int = 200, is_preview: bool = False
) -> ResponseReturnValue:
    release = get_release(slug, version)
    page = render_template(
        "owner/admin/release_notes.html",
        slug=slug,
        release=release,
        notes=notes,
        preview=render_markdown(notes[:LONGEST_NOTES]) if is_preview else None,
        saved=release.notes if status == 409 else None,
        longest=LONGEST_NOTES,
        error=error,
    )
    return make_response(page, status)


@admin.post("/products/<slug>/files/<version>/notes")
@needs(Permission.SHOP)
@takes_bytes(NOTES_BODY_BYTES)
def change_release_notes(slug: str, version: str) -> ResponseReturnValue:
    notes = request.form.get("notes", "").replace("\r\n", "\n")
    before = request.form.get("before", "").replace("\r\n", "\n")
    if "preview" in request.form:
        return _notes_page(slug, version, notes=notes, is_preview=True)
    try:
        change_notes(slug, version, notes, before=before)
    except StorefrontError as refusal:
        return _notes_page(slug, version, notes=notes, error=refusal.message, status=refusal.status)
    flash(f"The notes of {version} are saved.", "good")
    return _back(slug, version)


@admin.post("/products/<slug>/files/<version>/publish")
@needs(Permission.SHOP)
def publish_release(slug: str, version: str) -> ResponseReturnValue:
    try:
        publish(slug, version)
    except StorefrontError as refusal:
        return _files_page(slug, status=refusal.status, error=refusal.message)
    missing = check_stored(slug, version)
    if missing:
        flash(f"{version} is published, but: {' '.join(missing)}", "bad")
    else:
        flash(f"{version} is published. Its files are in the storage, whole.", "good")
    return _back(slug, version)


@admin.post("/products/<slug>/files/<version>/withdraw")
@needs(Permission.SHOP)
def withdraw_release(slug: str, version: str) -> ResponseReturnValue:
    try:
        withdraw(slug, version)
    except StorefrontError as refusal:
        return _files_page(slug, status=refusal.status, error=refusal.message)
    flash(f"{version} is withdrawn: it is on no page, and nobody downloads it. Publishing brings it back.", "good")
    return _back(slug, version)


@admin.post("/products/<slug>/files/<version>/remove")
@needs(Permission.SHOP)
def remove_file(slug: str, version: str) -> ResponseReturnValue:
    filename = request.form.get("filename", "")
    try:
        remove_draft_file(slug, version, filename)
    except StorefrontError as refusal:
        return _files_page(slug, status=refusal.status, error=refusal.message)
    flash(f"{filename} is removed from the draft {version}.", "good")
    return _back(slug, version)


@admin.post("/products/<slug>/files/<version>/remove-draft")
@needs(Permission.SHOP)
def remove_draft_here(slug: str, version: str) -> ResponseReturnValue:
    try:
        remove_draft(slug, version, notes_shown=request.form.get("shown-notes", ""))
    except StorefrontError as refusal:
        return _files_page(slug, status=refusal.status, error=refusal.message)
    flash(f"The draft {version} is removed.", "good")
    return _back(slug)


@admin.get("/products/<slug>/files/<version>/tell")
@needs(Permission.SHOP)
def ask_tell_buyers(slug: str, version: str) -> ResponseReturnValue:
    told = tell_buyers(slug, version, dry_run=True)
    return render_template("owner/admin/tell_buyers.html", slug=slug, version=version, told=told)


@admin.post("/products/<slug>/files/<version>/tell")
@needs(Permission.SHOP, fresh=True)
@limiter.limit("20/minute")
def tell_about_release(slug: str, version: str) -> ResponseReturnValue:
    told = tell_buyers(slug, version)
    emails = "1 email leaves" if told.told == 1 else f"{told.told} emails leave"
    flash(f"{emails} within {told.minutes} min. {told.before} buyers were told before.", "good")
    return _back(slug, version)


@admin.post("/products/<slug>/files/uploads/<token>/finish")
@needs(Permission.SHOP)
def finish_upload(slug: str, token: str) -> ResponseReturnValue:
    upload = get_upload_of(here().person_id, slug, token)
    try:
        with turn_aside(request.environ):
            finish(upload)
    except StorefrontError as refusal:
        return _files_page(slug, status=refusal.status, error=refusal.message)
    flash(f"{upload.filename} is in the draft {upload.version}.", "good")
    return _back(slug, upload.version)


@admin.post("/products/<slug>/files/uploads/<token>/cancel")
@needs(Permission.SHOP)
def cancel_upload(slug: str, token: str) -> ResponseReturnValue:
    upload = get_upload_of(here().person_id, slug, token)
    cancel(upload)
    flash(f"The upload of {upload.filename} is canceled, and its bytes are gone.", "good")
    return _back(slug)
