"""`/admin/shop`: what the shop is called, what it says of itself, how its mails begin and end."""

from collections.abc import Callable

from flask import flash, g, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from storefront.buyers.reminders.switch import switch_reminders
from storefront.core.db import db
from storefront.core.errors import NotFound, StorefrontError
from storefront.core.languages import find_language
from storefront.core.runtime import settings
from storefront.owner.admin.blueprint import admin, here, needs
from storefront.owner.admin.email_views import as_mail
from storefront.owner.admin.product_forms import shown_digests
from storefront.owner.admin.refused_saves import kept_digests, refusal_words
from storefront.owner.people.roles import Permission
from storefront.owner.shop.mail_preview import preview_receipt
from storefront.owner.shop.receipt_to_oneself import find_test_receipt, send_test_receipt
from storefront.owner.shop.reminders import read_reminders
from storefront.shop.editor.stale import digest_of
from storefront.shop.profile.change import change_profile, read_written
from storefront.shop.profile.main_currency import find_currency_trouble, list_priced
from storefront.shop.profile.read import profile_of
from storefront.shop.profile.referrers import are_referrers_ignored, ignore_referrers
from storefront.shop.profile.saved_cards import are_cards_saved, switch_saved_cards
from storefront.web.bodies import takes_bytes
from storefront.web.headers import content_security_policy
from storefront.web.limits import limiter

PAGE = "/admin/shop"
# All its texts at their limits: characters of four bytes, each byte three letters of a form.
WORDS_BODY_BYTES = 192 * 1024
PARTS = {
    "words": ("name", "tagline", "about", "announcement"),
    "support": ("support_email",),
    "seller": ("legal_name", "postal_address", "tax_id"),
    "time": ("time_zone",),
    "currency": ("main_currency",),
    "checkout": ("form_fields",),
    "other-sites": ("frame_origins",),
    "languages": ("languages",),
    "mails": ("mail_sender_name", "mail_greeting", "mail_signature", "mail_footer"),
}


def _page(*, part: str = "", refusal: StorefrontError | None = None) -> ResponseReturnValue:
    """Show the page. After a refusal with what was typed into that part of it, and why it was not saved."""
    written = read_written()
    kept = kept_digests(request.form, refusal)
    saves_cards, ignored = are_cards_saved(), are_referrers_ignored()
    values = written | {name: request.form[name] for name in PARTS.get(part, ()) if name in request.form}
    priced = list_priced(db.session())
    html = render_template(
        "owner/shop/edit.html",
        values=values,
        currencies=sorted({*priced, written["main_currency"], values["main_currency"]} - {""}),
        currency_trouble=find_currency_trouble(written["main_currency"], priced),
        shown={name: digest_of(value) for name, value in written.items()} | kept,
        without=profile_of({}),
        usual_sender=profile_of({"name": written["name"]}).mail_sender.name,
        part=part,
        refusal=refusal,
        **refusal_words(refusal),
        reminders=read_reminders(kept),
        saves_cards=saves_cards,
        saves_cards_shown={"saves_cards": digest_of(saves_cards)} | kept,
        ignores_referrers=ignored,
        ignores_referrers_shown={"ignores_referrers": digest_of(ignored)} | kept,
        email=here().email,
        test_receipt=find_test_receipt(here().email),
    )
    response = make_response(html, refusal.status if refusal else 200)
    policy = content_security_policy(settings(), g.csp_nonce, has_own_frames=True)  # the preview
    response.headers["Content-Security-Policy"] = policy
    return response


@admin.get("/shop")
@needs(Permission.SHOP)
def shop_page() -> ResponseReturnValue:
    return _page()


@admin.post("/shop/<part>")
@needs(Permission.SHOP)
@takes_bytes(WORDS_BODY_BYTES)
def save_shop(part: str) -> ResponseReturnValue:
    if part not in PARTS:
        raise NotFound("This page has no such part: go back to /admin/shop.")
    typed = {name: request.form[name] for name in PARTS[part] if name in request.form}
    try:
        may_hide = find_language(request.form.get("may_hide"))
        changed = change_profile(typed, shown=shown_digests(request.form), may_hide=may_hide)
    except StorefrontError as refusal:
        return _page(part=part, refusal=refusal)
    flash("Saved." if changed else "Nothing was changed.", "good")
    return redirect(f"{PAGE}#{part}", 303)


@admin.post("/reminders")
@needs(Permission.SHOP)
def save_reminders() -> ResponseReturnValue:
    return _save_switch("reminders", "sends_reminders", switch_reminders)


@admin.post("/saved-cards")
@needs(Permission.SHOP)
def save_saved_cards() -> ResponseReturnValue:
    return _save_switch("saved-cards", "saves_cards", switch_saved_cards)


@admin.post("/referrers")
@needs(Permission.SHOP)
def save_referrers() -> ResponseReturnValue:
    return _save_switch("referrers", "ignores_referrers", ignore_referrers)


def _save_switch(part: str, field: str, switch: Callable[..., bool]) -> ResponseReturnValue:
    try:
        changed = switch(is_on=request.form.get(field) == "yes", shown=shown_digests(request.form))
    except StorefrontError as refusal:
        return _page(part=part, refusal=refusal)
    flash("Saved. It counts for checkouts that begin from now on." if changed else "Nothing was changed.", "good")
    return redirect(f"{PAGE}#{part}", 303)


@admin.route("/shop/mails/preview", methods=["GET", "POST"])
@needs(Permission.SHOP)
def preview_mail() -> ResponseReturnValue:
    """Show a receipt with words that are not saved. Nothing on it can be sent anywhere."""
    return as_mail(preview_receipt(request.form, email=here().email))


@admin.post("/shop/mails/test")
@needs(Permission.SHOP)
@limiter.limit("3/minute;20/hour")
def mail_myself() -> ResponseReturnValue:
    send_test_receipt(here().email)
    flash(f"A test email is on its way to {here().email}, with the words as they are saved.", "good")
    return redirect(f"{PAGE}#test-mail", 303)
