"""A dispute's answer in two steps: edit and save it; then look at it, and send it once."""

from flask import flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from storefront.core.errors import StorefrontError
from storefront.owner.admin.blueprint import admin, here, needs
from storefront.owner.disputes.answer import SubmitUncertain, read_answer, save_draft, submit_answer
from storefront.owner.disputes.evidence import LABELS, ONE_LINE
from storefront.owner.people.roles import Permission
from storefront.web.bodies import takes_bytes

LARGEST = 1408 * 1024  # bytes: 150,000 characters of any language, up to nine bytes each as a browser writes them


@admin.get("/disputes/<dispute_id>")
@needs(Permission.MONEY)
def dispute(dispute_id: str) -> ResponseReturnValue:
    return _edit_page(dispute_id)


@admin.post("/disputes/<dispute_id>")
@takes_bytes(LARGEST)
@needs(Permission.MONEY)
def save_dispute_draft(dispute_id: str) -> ResponseReturnValue:
    fields = {name: request.form[name] for name in LABELS if name in request.form}
    try:
        save_draft(dispute_id, fields, version=_version())
    except StorefrontError as refusal:
        return _edit_page(dispute_id, refusal, typed=fields)
    return redirect(url_for("admin.check_dispute_answer", dispute_id=dispute_id), 303)


@admin.get("/disputes/<dispute_id>/check")
@needs(Permission.MONEY)
def check_dispute_answer(dispute_id: str) -> ResponseReturnValue:
    return render_template(
        "owner/disputes/check.html",
        answer=read_answer(dispute_id),
        labels=LABELS,
        page=request.path,
        is_fresh=here().is_fresh,
    )


@admin.post("/disputes/<dispute_id>/submit")
@needs(Permission.MONEY, fresh=True)
def submit_dispute_answer(dispute_id: str) -> ResponseReturnValue:
    try:
        answer = submit_answer(dispute_id, version=_version())
    except SubmitUncertain as refusal:
        flash(refusal.message, "bad")
        return redirect(url_for("admin.check_dispute_answer", dispute_id=dispute_id), 303)
    except StorefrontError as refusal:
        return _edit_page(dispute_id, refusal)
    flash("The answer is sent. The bank decides, usually within three months.", "good")
    return redirect(f"/admin/orders/{answer.order_number}", 303)


def _version() -> int:
    typed = request.form.get("version", "")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 9 else -1


def _edit_page(
    dispute_id: str, refusal: StorefrontError | None = None, *, typed: dict[str, str] | None = None
) -> ResponseReturnValue:
    answer = read_answer(dispute_id)
    page = render_template(
        "owner/disputes/edit.html",
        answer=answer,
        fields=answer.fields | (typed or {}),
        labels=LABELS,
        one_line=ONE_LINE,
        error=refusal.message if refusal else "",
    )
    return make_response(page, refusal.status if refusal else 200)
