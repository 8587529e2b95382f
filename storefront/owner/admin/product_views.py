"""`/admin/products/<slug>`: the editor of one product. Each part is a form of its own."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from storefront.core import tokens
from storefront.core.errors import NotFound, StorefrontError
from storefront.delivery.licenses.change_product import change_product
from storefront.owner.admin.blueprint import admin, needs
from storefront.owner.admin.frames import framed, with_frame
from storefront.owner.admin.product_forms import read_settings, read_texts, shown_digests, typed
from storefront.owner.admin.refused_saves import kept_digests, refusal_words
from storefront.owner.people.roles import Permission
from storefront.owner.products.editor_page import read_editor_page
from storefront.owner.products.preview import read_preview
from storefront.shop.catalog.models import ProductState
from storefront.shop.catalog.tax import BEHAVIORS, TAX_CODES
from storefront.shop.editor.products import change_slug, change_texts
from storefront.shop.editor.refusals import NotReady, ProductRefused
from storefront.shop.editor.states import set_state
from storefront.shop.media.queries import find_pictures, list_samples
from storefront.web.bodies import takes_bytes

MOST_BYTES_OF_FILES = 210 * 1000 * 1000  # of one form: the largest video, or eight pictures
# All texts of a product at their limits: characters of four bytes, each byte three letters of a form.
TEXTS_BODY_BYTES = 640 * 1024
STATE_WORDS = {
    ProductState.DRAFT: "Back to a draft: its page is gone, and whoever bought it keeps everything.",
    ProductState.PUBLISHED: "Published: it is in your shop.",
    ProductState.UNLISTED: "Unlisted: whoever has the link sees it and can buy it.",
    ProductState.ANNOUNCED: "Announced: it is in your shop, nobody buys it yet, and its page takes addresses.",
    ProductState.RETIRED: "Retired: nobody buys it any more, and whoever bought it keeps everything.",
}


def editor(
    slug: str, *, part: str = "", refusal: StorefrontError | None = None, values: Mapping[str, Any] | None = None
) -> ResponseReturnValue:
    """Show the editor. After a refusal with what was typed into that part of it, and why it was not saved."""
    kept = kept_digests(request.form, refusal)
    html = render_template(
        "owner/products/edit.html",
        page=read_editor_page(slug).as_shown_before(part, kept),
        part=part,
        **refusal_words(refusal),
        typed=dict(values or {}),
        tax_codes=TAX_CODES,
        tax_behaviors=BEHAVIORS,
        most_bytes=MOST_BYTES_OF_FILES,
    )
    return with_frame(make_response(html, refusal.status if refusal else 200))


def save(slug: str, part: str, change: Callable[[], str], *, values: Mapping[str, Any]) -> ResponseReturnValue:
    """Do what a part's form asks. `change` returns the words for it; nothing where nothing changed."""
    try:
        words = change()
    except NotFound:
        raise
    except StorefrontError as refusal:
        return editor(slug, part=part, refusal=refusal, values=values)
    flash(words or "Nothing was changed.", "good")
    return redirect(url_for("admin.edit_product", slug=slug) + (f"#{part}" if part else ""), 303)


@admin.get("/products/<slug>")
@needs(Permission.SHOP)
def edit_product(slug: str) -> ResponseReturnValue:
    return editor(slug)


@admin.post("/products/<slug>/texts")
@needs(Permission.SHOP)
@takes_bytes(TEXTS_BODY_BYTES)
def save_texts(slug: str) -> ResponseReturnValue:
    texts = read_texts(request.form)

    def change() -> str:
        return "Saved." if change_texts(slug, texts, shown=shown_digests(request.form)) else ""

    return save(slug, "texts", change, values=texts)


@admin.post("/products/<slug>/settings")
@needs(Permission.SHOP)
def save_settings(slug: str) -> ResponseReturnValue:
    def change() -> str:
        _product, served = change_product(slug, read_settings(request.form), shown=shown_digests(request.form))
        if not served:
            return "Saved. Keys that are sold keep their terms."
        keys = "1 key" if served == 1 else f"{served} keys"
        return f"Saved. {keys} went to orders that waited."

    return save(slug, "settings", change, values=typed())


@admin.post("/products/<slug>/state")
@needs(Permission.SHOP)
def change_state(slug: str) -> ResponseReturnValue:
    state = request.form.get("state", "")
    if state not in set(ProductState):
        raise NotReady((f"{state[:40]!r} is no state of a product.",))

    def change() -> str:
        set_state(slug, ProductState(state))
        return STATE_WORDS[ProductState(state)]

    return save(slug, "state", change, values={})


@admin.post("/products/<slug>/address")
@needs(Permission.SHOP)
def save_address(slug: str) -> ResponseReturnValue:
    new_slug = request.form.get("slug", "").strip().lower()
    try:
        is_new = change_slug(slug, new_slug)
    except ProductRefused as refusal:
        return editor(slug, part="address", refusal=refusal, values={"slug": new_slug[:200]})
    flash("The old address leads to the new one." if is_new else "Nothing was changed.", "good")
    return redirect(url_for("admin.edit_product", slug=new_slug) + "#address", 303)


@admin.route("/products/<slug>/preview", methods=["GET", "POST"])
@needs(Permission.SHOP)
@takes_bytes(TEXTS_BODY_BYTES)
def preview_product(slug: str) -> ResponseReturnValue:
    """Show the product's page with texts that are not saved. Nothing on it can be sent anywhere."""
    preview = read_preview(slug, read_texts(request.form), currency=request.args.get("currency", ""))
    product_id = preview.card.product_id
    page = render_template(
        "shop/catalog/product.html",
        page=preview,
        pictures=find_pictures([product_id])[product_id],
        samples=list_samples(product_id),
        chosen=0,
        nonce=tokens.new_token(),
        is_preview=True,
    )
    return framed(make_response(page))
