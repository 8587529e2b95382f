"""The editor's pictures and samples."""

from collections.abc import Callable

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import FileStorage

from storefront.core.errors import NotFound, StorefrontError
from storefront.owner.admin.blueprint import admin, needs
from storefront.owner.admin.product_views import editor, save
from storefront.owner.admin.upload_views import check_uploader
from storefront.owner.people.roles import Permission
from storefront.shop.media.pictures import add_picture, describe_picture, move_picture, remove_picture
from storefront.shop.media.samples import add_sample, remove_sample
from storefront.web.bodies import streams_bytes
from storefront.web.turns import turn_aside

MOST_BYTES = 210 * 1000 * 1000  # of one form: the largest video, or eight pictures
NO_FILE = "Choose a file first."


def _sent_files() -> list[FileStorage]:
    return [file for file in request.files.getlist("files") if file.filename]


def _bring(slug: str, part: str, bring: Callable[[FileStorage], object]) -> ResponseReturnValue:
    """Bring files one by one. Those before a refused one are in, and the refusal names its file."""
    files = _sent_files()
    if not files:
        return editor(slug, part=part, refusal=StorefrontError(NO_FILE))
    for file in files:
        try:
            with turn_aside(request.environ):
                bring(file)
        except NotFound:
            raise
        except StorefrontError as refusal:
            refusal.args = (f"{file.filename}: {refusal.message}",)
            return editor(slug, part=part, refusal=refusal)
    flash("Added." if len(files) == 1 else f"{len(files)} added.", "good")
    return redirect(url_for("admin.edit_product", slug=slug) + f"#{part}", 303)


@admin.post("/products/<slug>/pictures")
@needs(Permission.SHOP)
@streams_bytes(MOST_BYTES, check_sender=check_uploader, is_form=True)
def add_pictures(slug: str) -> ResponseReturnValue:
    alt = request.form.get("alt", "")
    return _bring(slug, "pictures", lambda file: add_picture(slug, file.stream, file.filename or "", alt))


@admin.post("/products/<slug>/pictures/<int:picture_id>")
@needs(Permission.SHOP)
def describe_picture_here(slug: str, picture_id: int) -> ResponseReturnValue:
    def change() -> str:
        return "Saved." if describe_picture(slug, picture_id, request.form.get("alt", "")) else ""

    return save(slug, "pictures", change, values={})


@admin.post("/products/<slug>/pictures/<int:picture_id>/move")
@needs(Permission.SHOP)
def move_picture_here(slug: str, picture_id: int) -> ResponseReturnValue:
    position = request.form.get("position", 1, type=int)

    def change() -> str:
        return "Moved." if move_picture(slug, picture_id, max(1, position)) else ""

    return save(slug, "pictures", change, values={})


@admin.post("/products/<slug>/pictures/<int:picture_id>/remove")
@needs(Permission.SHOP)
def remove_picture_here(slug: str, picture_id: int) -> ResponseReturnValue:
    def change() -> str:
        remove_picture(slug, picture_id)
        return "Picture removed."

    return save(slug, "pictures", change, values={})


@admin.post("/products/<slug>/samples")
@needs(Permission.SHOP)
@streams_bytes(MOST_BYTES, check_sender=check_uploader, is_form=True)
def add_samples(slug: str) -> ResponseReturnValue:
    title = request.form.get("title", "")
    return _bring(slug, "samples", lambda file: add_sample(slug, file.stream, file.filename or "", title))


@admin.post("/products/<slug>/samples/<int:sample_id>/remove")
@needs(Permission.SHOP)
def remove_sample_here(slug: str, sample_id: int) -> ResponseReturnValue:
    def change() -> str:
        remove_sample(slug, sample_id)
        return "Sample removed."

    return save(slug, "samples", change, values={})
