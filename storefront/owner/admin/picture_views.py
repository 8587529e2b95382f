"""The editor's pictures and samples."""

from collections import Counter
from collections.abc import Callable

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import FileStorage

from storefront.core.errors import NotFound, StorefrontError
from storefront.owner.admin.blueprint import admin, needs
from storefront.owner.admin.product_forms import read_place, shown_order
from storefront.owner.admin.product_views import MOST_BYTES_OF_FILES, editor, save
from storefront.owner.admin.upload_views import check_uploader
from storefront.owner.people.roles import Permission
from storefront.shop.media.brought import Brought
from storefront.shop.media.pictures import add_picture, describe_picture, move_picture, remove_picture
from storefront.shop.media.samples import add_sample, move_sample, remove_sample
from storefront.shop.media.words import clean_filename
from storefront.web.bodies import streams_bytes
from storefront.web.turns import turn_aside

NO_FILE = "Choose a file first."
# By whether it is new: of one, and of several.
SAID = {
    True: ("Added.", "{} added."),
    False: ("One was there already: place and words stay.", "{} were there already: places and words stay."),
}


def _sent_files() -> list[FileStorage]:
    return [file for file in request.files.getlist("files") if file.filename]


def _bring(slug: str, part: str, bring: Callable[[FileStorage], Brought]) -> ResponseReturnValue:
    """Bring files one by one. What is wrong with one keeps no other away, and the refusal names its file."""
    files = _sent_files()
    if not files:
        return editor(slug, part=part, refusal=StorefrontError(NO_FILE))
    brought: list[Brought] = []
    refusals = [refusal for file in files if (refusal := _bring_one(file, lambda one: brought.append(bring(one))))]
    if brought:
        flash(_words_of(brought), "good")
    if refusals:
        refusals[0].args = ("\n".join(refusal.message for refusal in refusals),)
        return editor(slug, part=part, refusal=refusals[0])
    return redirect(url_for("admin.edit_product", slug=slug) + f"#{part}", 303)


def _words_of(brought: list[Brought]) -> str:
    """Say what was added, and what was there before: that keeps its place and its words."""
    counts = Counter(one.is_new for one in brought)
    return " ".join(
        SAID[is_new][count > 1].format(count) for is_new, count in sorted(counts.items(), reverse=True)
    )


def _bring_one(file: FileStorage, bring: Callable[[FileStorage], object]) -> StorefrontError | None:
    """Return what it was refused with, which names the file. Raises NotFound."""
    try:
        with turn_aside(request.environ):
            bring(file)
    except NotFound:
        raise
    except StorefrontError as refusal:
        refusal.args = (f"{clean_filename(file.filename or '')}: {refusal.message}",)
        return refusal
    return None


@admin.post("/products/<slug>/pictures")
@needs(Permission.SHOP)
@streams_bytes(MOST_BYTES_OF_FILES, check_sender=check_uploader, is_form=True)
def add_pictures(slug: str) -> ResponseReturnValue:
    alt = request.form.get("alt", "")
    return _bring(slug, "pictures", lambda file: add_picture(slug, file.stream, file.filename or "", alt))


@admin.post("/products/<slug>/pictures/<row:picture_id>")
@needs(Permission.SHOP)
def describe_picture_here(slug: str, picture_id: int) -> ResponseReturnValue:
    alt = request.form.get("alt", "")

    def change() -> str:
        return "Saved." if describe_picture(slug, picture_id, alt) else ""

    return save(slug, "pictures", change, values={"picture": picture_id, "alt": alt})


@admin.post("/products/<slug>/pictures/<row:picture_id>/move")
@needs(Permission.SHOP)
def move_picture_here(slug: str, picture_id: int) -> ResponseReturnValue:
    def change() -> str:
        place = read_place(request.form, first="the cover")
        return "Moved." if move_picture(slug, picture_id, place, shown=shown_order(request.form)) else ""

    return save(slug, "pictures", change, values={})


@admin.post("/products/<slug>/pictures/<row:picture_id>/remove")
@needs(Permission.SHOP)
def remove_picture_here(slug: str, picture_id: int) -> ResponseReturnValue:
    def change() -> str:
        remove_picture(slug, picture_id)
        return "Picture removed."

    return save(slug, "pictures", change, values={})


@admin.post("/products/<slug>/samples")
@needs(Permission.SHOP)
@streams_bytes(MOST_BYTES_OF_FILES, check_sender=check_uploader, is_form=True)
def add_samples(slug: str) -> ResponseReturnValue:
    title = request.form.get("title", "")
    return _bring(slug, "samples", lambda file: add_sample(slug, file.stream, file.filename or "", title))


@admin.post("/products/<slug>/samples/<row:sample_id>/move")
@needs(Permission.SHOP)
def move_sample_here(slug: str, sample_id: int) -> ResponseReturnValue:
    def change() -> str:
        place = read_place(request.form, first="the first sample")
        return "Moved." if move_sample(slug, sample_id, place, shown=shown_order(request.form)) else ""

    return save(slug, "samples", change, values={})


@admin.post("/products/<slug>/samples/<row:sample_id>/remove")
@needs(Permission.SHOP)
def remove_sample_here(slug: str, sample_id: int) -> ResponseReturnValue:
    def change() -> str:
        remove_sample(slug, sample_id)
        return "Sample removed."

    return save(slug, "samples", change, values={})
