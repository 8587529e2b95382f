"""A dispute's answer in two steps: edit and save it; then look at it, and send it once."""

from flask import flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from storefront.core.errors import StorefrontError
from storefront.owner.admin.blueprint import admin, here, needs
from storefront.owner.admin.upload_views import check_money_uploader
from storefront.owner.disputes.answer import (
    Answer,
    ChangedMeanwhile,
    SubmitUncertain,
    WrongEvidence,
    read_answer,
    save_draft,
    submit_answer,
)
from storefront.owner.disputes.evidence import LABELS, ONE_LINE
from storefront.owner.disputes.files import KINDS, MOST_BYTES, attach_file, attach_receipt, remove_file
from storefront.owner.disputes.plain import with_plain_spaces
from storefront.owner.people.roles import Permission
from storefront.web.bodies import streams_bytes, takes_bytes
from storefront.web.turns import turn_aside

FORM_BYTES = 5 * 1000 * 1000  # the largest file, with what is around it
# 100,000 characters of any language, up to nine bytes each as a browser writes them, and more, so that what is too
# long is refused by its field.
TEXT_BODY_BYTES = 1408 * 1024


@admin.get("/disputes/<dispute_id>")
@needs(Permission.MONEY)
def dispute(dispute_id: str) -> ResponseReturnValue:
    return _edit_page(dispute_id)


@admin.post("/disputes/<dispute_id>")
@takes_bytes(TEXT_BODY_BYTES)
@needs(Permission.MONEY)
def save_dispute_draft(dispute_id: str) -> ResponseReturnValue:
    """What somebody else saved meanwhile stays, unless it was shown beside what was typed, and not chosen."""
    fields = {name: request.form[name] for name in LABELS if name in request.form}
    if request.form.get("keep") == "theirs":
        return redirect(url_for("admin.dispute", dispute_id=dispute_id), 303)
    try:
        save_draft(
            dispute_id, fields, version=_version("seen" if request.form.get("keep") == "yours" else "version")
        )
    except StorefrontError as refusal:
        return _edit_page(dispute_id, refusal, typed=fields)
    return redirect(url_for("admin.check_dispute_answer", dispute_id=dispute_id), 303)


@admin.get("/disputes/<dispute_id>/check")
@needs(Permission.MONEY)
def check_dispute_answer(dispute_id: str) -> ResponseReturnValue:
    return _check_page(dispute_id)


@admin.post("/disputes/<dispute_id>/files")
@needs(Permission.MONEY)
@streams_bytes(FORM_BYTES, check_sender=check_money_uploader, is_form=True)
def attach_dispute_file(dispute_id: str) -> ResponseReturnValue:
    """Attach the file that was chosen, or the shop's own receipt, or both."""
    file, kind = request.files.get("file"), request.form.get("kind", "")
    is_chosen, with_receipt = file is not None and bool(file.filename), request.form.get("own_receipt") == "yes"
    if not is_chosen and not with_receipt:
        return _check_page(dispute_id, WrongEvidence("Choose a file first, or tick the receipt of the shop."))
    try:
        with turn_aside(request.environ):
            if with_receipt:
                attach_receipt(dispute_id)
            if file is not None and is_chosen:
                attach_file(dispute_id, file.stream.read(MOST_BYTES + 1), file.filename or "", kind)
    except StorefrontError as refusal:
        return _check_page(dispute_id, refusal, kind=kind)
    return redirect(url_for("admin.check_dispute_answer", dispute_id=dispute_id) + "#files", 303)


@admin.post("/disputes/<dispute_id>/files/<row:file_id>/remove")
@needs(Permission.MONEY)
def remove_dispute_file(dispute_id: str, file_id: int) -> ResponseReturnValue:
    try:
        is_gone = remove_file(dispute_id, file_id)
    except StorefrontError as refusal:
        return _check_page(dispute_id, refusal)
    flash("Removed." if is_gone else "It was removed already.", "good")
    return redirect(url_for("admin.check_dispute_answer", dispute_id=dispute_id) + "#files", 303)


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


def _check_page(dispute_id: str, refusal: StorefrontError | None = None, *, kind: str = "") -> ResponseReturnValue:
    """Raises NotFound."""
    page = render_template(
        "owner/disputes/check.html",
        answer=read_answer(dispute_id),
        labels=LABELS,
        kinds=KINDS,
        kind=kind,
        error=refusal.message if refusal else "",
        page=url_for("admin.check_dispute_answer", dispute_id=dispute_id),
        is_fresh=here().is_fresh,
    )
    return make_response(page, refusal.status if refusal else 200)


def _version(name: str = "version") -> int:
    typed = request.form.get(name, "")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 9 else -1


def _differing(answer: Answer, typed: dict[str, str]) -> list[str]:
    return [name for name, text in typed.items() if with_plain_spaces(text).strip() != answer.fields[name]]


def _edit_page(
    dispute_id: str, refusal: StorefrontError | None = None, *, typed: dict[str, str] | None = None
) -> ResponseReturnValue:
    answer = read_answer(dispute_id)
    page = render_template(
        "owner/disputes/edit.html",
        answer=answer,
        version=_version() if typed is not None else answer.version,
        differing=_differing(answer, typed or {}) if isinstance(refusal, ChangedMeanwhile) else (),
        fields=answer.fields | (typed or {}),
        labels=LABELS,
        kinds=KINDS,
        one_line=ONE_LINE,
        error=refusal.message if refusal else "",
    )
    return make_response(page, refusal.status if refusal else 200)
