"""`/admin/broadcasts`: emails to buyers who agreed. Written, shown, counted, and only then sent."""

from flask import flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from storefront.core.languages import Language, offered
from storefront.owner.admin.blueprint import admin, here, needs
from storefront.owner.admin.email_views import as_mail, language_named
from storefront.owner.admin.frames import with_frame
from storefront.owner.broadcasts.audience import Audience, count_audience
from storefront.owner.broadcasts.drafts import (
    PER_MINUTE,
    BroadcastRefused,
    Typed,
    create_broadcast,
    save_broadcast,
)
from storefront.owner.broadcasts.letter import preview_broadcast
from storefront.owner.broadcasts.models import BroadcastState
from storefront.owner.broadcasts.read import list_broadcasts, list_goods, read_goods, read_texts, read_view
from storefront.owner.broadcasts.sending import cancel_broadcast, send_test, start_broadcast
from storefront.owner.people.roles import Permission
from storefront.web.bodies import takes_bytes
from storefront.web.limits import limiter
from storefront.web.row_ids import read_row_id

# A text at its limit, in characters of four bytes that a form writes as three letters, in each language.
TEXT_BODY_BYTES = 1024 * 1024
ONE = "/broadcasts/<row:broadcast_id>"


def _typed() -> Typed:
    form = request.form
    return Typed(
        texts={
            language.value: (form.get(f"subject-{language}", ""), form.get(f"body-{language}", ""))
            for language in Language
        },
        goods=form.getlist("goods"),
        per_minute=form.get("per_minute", str(PER_MINUTE)),
    )


def _languages() -> list[Language]:
    shop = offered()
    return [shop.own, *(language for language in shop.languages if language is not shop.own)]


def _back(broadcast_id: int) -> ResponseReturnValue:
    return redirect(url_for("admin.broadcast", broadcast_id=broadcast_id), 303)


@admin.get("/broadcasts")
@needs(Permission.SHOP)
def broadcasts() -> ResponseReturnValue:
    older_than = read_row_id(request.args.get("older_than", ""))
    page = list_broadcasts(older_than=older_than)
    return render_template("owner/broadcasts/list.html", page=page, is_first_page=older_than is None)


@admin.get("/broadcasts/new")
@needs(Permission.SHOP)
def new_broadcast() -> ResponseReturnValue:
    return _editor(Typed(texts={}, goods=()))


@admin.post("/broadcasts")
@needs(Permission.SHOP)
@takes_bytes(TEXT_BODY_BYTES)
def make_broadcast() -> ResponseReturnValue:
    typed = _typed()
    try:
        broadcast_id = create_broadcast(typed)
    except BroadcastRefused as refusal:
        return _editor(typed, refusal=refusal)
    flash("Saved as a draft. Nothing has left.", "good")
    return _back(broadcast_id)


@admin.get(ONE)
@needs(Permission.SHOP)
def broadcast(broadcast_id: int) -> ResponseReturnValue:
    """Show a draft with its count, or how far it is."""
    view = read_view(broadcast_id)
    return _page(broadcast_id, audience=_count(broadcast_id) if view.state is BroadcastState.DRAFT else None)


def _count(broadcast_id: int) -> Audience:
    return count_audience(read_goods(broadcast_id))


def _page(
    broadcast_id: int, *, audience: Audience | None = None, refusal: BroadcastRefused | None = None
) -> ResponseReturnValue:
    texts = read_texts(broadcast_id)
    html = render_template(
        "owner/broadcasts/broadcast.html",
        broadcast=read_view(broadcast_id),
        audience=audience,
        languages=[each for each in _languages() if each.value in texts],
        error=refusal.message if refusal else "",
        me=here().email,
        is_fresh=here().is_fresh,
    )
    return with_frame(make_response(html, refusal.status if refusal else 200))


@admin.get(ONE + "/edit")
@needs(Permission.SHOP)
def edit_broadcast(broadcast_id: int) -> ResponseReturnValue:
    view = read_view(broadcast_id)
    typed = Typed(texts=read_texts(broadcast_id), goods=view.goods, per_minute=str(view.per_minute))
    return _editor(typed, broadcast_id=broadcast_id, version=view.version)


@admin.post(ONE)
@needs(Permission.SHOP)
@takes_bytes(TEXT_BODY_BYTES)
def save_broadcast_here(broadcast_id: int) -> ResponseReturnValue:
    typed, version = _typed(), request.form.get("version", 0, type=int)
    try:
        save_broadcast(broadcast_id, typed, version=version)
    except BroadcastRefused as refusal:
        return _editor(typed, broadcast_id=broadcast_id, version=version, refusal=refusal)
    flash("Saved. Nothing has left.", "good")
    return _back(broadcast_id)


def _editor(
    typed: Typed, *, broadcast_id: int | None = None, version: int = 0, refusal: BroadcastRefused | None = None
) -> ResponseReturnValue:
    html = render_template(
        "owner/broadcasts/edit.html",
        typed=typed,
        broadcast_id=broadcast_id,
        version=version,
        languages=_languages(),
        goods=list_goods(),
        problems=refusal.problems if refusal else {},
    )
    return make_response(html, refusal.status if refusal else 200)


@admin.get(ONE + "/preview/<language>")
@needs(Permission.SHOP)
def preview_broadcast_here(broadcast_id: int, language: str) -> ResponseReturnValue:
    """Show it as it is saved. Nothing on it can be sent anywhere."""
    read_view(broadcast_id)
    return as_mail(preview_broadcast(broadcast_id, language_named(language), email=here().email).html)


@admin.post(ONE + "/test")
@needs(Permission.SHOP)
@limiter.limit("5/minute;30/hour")
def test_broadcast(broadcast_id: int) -> ResponseReturnValue:
    send_test(broadcast_id, language_named(request.form.get("language", offered().own.value)), here().email)
    flash(f"A test is on its way to {here().email}, as it is saved.", "good")
    return _back(broadcast_id)


@admin.post(ONE + "/send")
@needs(Permission.SHOP, fresh=True)
@limiter.limit("20/minute")
def send_broadcast(broadcast_id: int) -> ResponseReturnValue:
    """Send the version that the page showed, once."""
    try:
        is_new = start_broadcast(broadcast_id, version=request.form.get("version", 0, type=int))
    except BroadcastRefused as refusal:
        return _page(broadcast_id, audience=_count(broadcast_id), refusal=refusal)
    flash("It leaves now." if is_new else "It had begun to leave already.", "good")
    return _back(broadcast_id)


@admin.post(ONE + "/cancel")
@needs(Permission.SHOP)
def cancel_broadcast_here(broadcast_id: int) -> ResponseReturnValue:
    count = cancel_broadcast(broadcast_id)
    waiting = "1 email that waited was" if count == 1 else f"{count} emails that waited were"
    flash(f"Canceled. {waiting} taken back." if count is not None else "All of it had left already.", "good")
    return _back(broadcast_id)
