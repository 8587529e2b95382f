"""The editor's editions and prices."""

from flask import request
from flask.typing import ResponseReturnValue

from storefront.owner.admin.blueprint import admin, needs
from storefront.owner.admin.product_forms import read_limits, read_place, shown_digests, shown_order, typed
from storefront.owner.admin.product_views import save
from storefront.owner.people.roles import Permission
from storefront.shop.catalog.amounts import Amount, amount_words
from storefront.shop.catalog.terms import EDITION_LIMITS
from storefront.shop.editor.editions import (
    add_edition,
    change_edition,
    delete_edition,
    move_edition,
    switch_edition,
)
from storefront.shop.editor.parts import INCLUDES, set_parts
from storefront.shop.editor.prices import (
    PriceChange,
    add_priced_edition,
    check_currency,
    read_amount,
    remove_price,
    set_price,
)
from storefront.shop.editor.texts import EDITION_RULES


@admin.post("/products/<slug>/editions")
@needs(Permission.SHOP)
def create_edition(slug: str) -> ResponseReturnValue:
    """With its first price, where one was typed."""
    form = request.form

    def change() -> str:
        price = _read_price() if form.get("amount", "").strip() else None
        name, line, limits = form.get("name", ""), form.get("line", ""), read_limits(form, EDITION_LIMITS)
        if price:
            add_priced_edition(slug, name, price, line=line, limits=limits)
            return "Edition added."
        add_edition(slug, name, line=line, limits=limits)
        return "Edition added. Give it a price, then it can be bought."

    return save(slug, "new-edition", change, values=typed())


@admin.post("/products/<slug>/editions/<key>")
@needs(Permission.SHOP)
def save_edition(slug: str, key: str) -> ResponseReturnValue:
    form = request.form

    def change() -> str:
        values = {name: form[name] for name in EDITION_RULES if name in form} | read_limits(form, EDITION_LIMITS)
        changed = change_edition(slug, key, values, shown=shown_digests(form))
        return _saved_words(changed)

    return save(slug, f"edition-{key}", change, values=typed())


@admin.post("/products/<slug>/editions/<key>/price")
@needs(Permission.SHOP)
def save_price(slug: str, key: str) -> ResponseReturnValue:
    """An amount that was emptied takes the price away; a new one that was forgotten takes nothing away."""
    form = request.form

    def change() -> str:
        if "is_new_price" not in form and "amount" in form and not form["amount"].strip():
            code = check_currency(form.get("currency", ""))
            return _price_words(remove_price(slug, key, code, shown=_read_shown(code)))
        currency, amount = _read_price()
        changed = set_price(
            slug, key, currency, amount, shown=_read_shown(currency), is_new="is_new_price" in form
        )
        return _price_words(changed)

    return save(slug, f"edition-{key}", change, values=typed())


@admin.post("/products/<slug>/editions/<key>/includes")
@needs(Permission.SHOP)
def save_parts(slug: str, key: str) -> ResponseReturnValue:
    parts = [part.strip() for part in request.form.getlist(INCLUDES) if part.strip()]

    def change() -> str:
        saved = set_parts(slug, key, parts, shown=shown_digests(request.form))
        return "Saved. Who bought it keeps what was in it." if saved is not None else ""

    return save(slug, f"edition-{key}", change, values={INCLUDES: parts})


@admin.post("/products/<slug>/editions/<key>/switch")
@needs(Permission.SHOP)
def switch_edition_here(slug: str, key: str) -> ResponseReturnValue:
    is_active = request.form.get("is_active") == "yes"

    def change() -> str:
        changed = switch_edition(slug, key, is_active=is_active)
        words = "It is for sale again." if is_active else "Nobody buys it any more. Who bought it keeps it."
        return words if changed else ""

    return save(slug, f"edition-{key}", change, values={})


@admin.post("/products/<slug>/editions/<key>/move")
@needs(Permission.SHOP)
def move_edition_here(slug: str, key: str) -> ResponseReturnValue:
    def change() -> str:
        place = read_place(request.form, first="the first edition")
        return "Moved." if move_edition(slug, key, place, shown=shown_order(request.form)) else ""

    return save(slug, "editions", change, values={})


@admin.post("/products/<slug>/editions/<key>/delete")
@needs(Permission.SHOP)
def delete_edition_here(slug: str, key: str) -> ResponseReturnValue:
    def change() -> str:
        delete_edition(slug, key)
        return "Edition deleted."

    return save(slug, "editions", change, values={})


def _read_shown(currency: str) -> Amount | None:
    """Return what the form was shown with, or the price of somebody else that it is to replace.

    Forms of before said a fixed one in minor units.
    """
    minor = request.form.get("shown_minor", type=int)
    text = (request.form.get("replaces") or request.form.get("shown", "")).strip()
    return read_amount(text, currency) if text else minor


def _read_price() -> tuple[str, Amount]:
    """Return currency and amount. Raises ProductRefused."""
    currency = check_currency(request.form.get("currency", ""))
    return currency, read_amount(request.form.get("amount", ""), currency)


def _saved_words(changed: list[str]) -> str:
    return "Saved. Who bought it keeps what was sold; this is for new buyers." if changed else ""


def _price_words(change: PriceChange) -> str:
    """Return the words for the owner; nothing where nothing changed."""
    if not change.is_change:
        return ""
    if change.after is None:
        return f"{change.edition} is no longer sold in {change.currency.upper()}."
    words = f"{change.edition} costs {amount_words(change.after, change.currency)} now."
    if change.before is None:
        return words
    return f"{words} Orders keep what they paid; Payment Links that you made still sell at the old price."
