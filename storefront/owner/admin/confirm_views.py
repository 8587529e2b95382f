"""A fresh proof before what cannot be undone: a passkey, or a mailed code for who has none."""

from flask import jsonify, make_response, redirect, render_template, request, session
from flask.typing import ResponseReturnValue

from storefront.customers.browser_session import reader_here
from storefront.customers.models import ProofPurpose
from storefront.customers.spend_proofs import CODE_SENTENCES, CodeResult
from storefront.owner.admin.blueprint import admin, here, needs, safe_next
from storefront.owner.admin.json_body import read_answer
from storefront.owner.admin.places import place_here
from storefront.owner.people import passkeys
from storefront.owner.people.moved_passkeys import why_no_passkey_works
from storefront.owner.people.roles import Permission
from storefront.owner.people.sign_in import confirm_by_code, has_passkey, mail_code
from storefront.web.limits import limiter

PROOF_KEY = "admin_confirm_proof"


@admin.get("/confirm")
@needs(Permission.OWN_ACCOUNT)
def confirm() -> ResponseReturnValue:
    wanted = safe_next(request.args.get("next", ""))
    if here().is_fresh:
        return redirect(wanted)
    return _confirm_page(wanted)


def _confirm_page(wanted: str, *, error: str = "", status: int = 200) -> ResponseReturnValue:
    page = render_template(
        "owner/admin/confirm.html",
        next=wanted,
        error=error,
        has_passkey=has_passkey(here().person_id),
        moved=why_no_passkey_works(here().person_id, here().role, origin=place_here().seen_origin),
        is_mailed=PROOF_KEY in session,
    )
    return make_response(page, status)


@admin.post("/confirm/mail")
@needs(Permission.OWN_ACCOUNT)
@limiter.limit("5/minute;20/hour")
def mail_confirmation() -> ResponseReturnValue:
    if not has_passkey(here().person_id):
        session[PROOF_KEY] = mail_code(
            here().email, asked_by=reader_here().browser, purpose=ProofPurpose.PERSON_CONFIRM
        )
    return _confirm_page(safe_next(request.form.get("next", "")))


@admin.post("/confirm")
@needs(Permission.OWN_ACCOUNT)
@limiter.limit("10/minute;60/hour")
def check_confirmation() -> ResponseReturnValue:
    wanted = safe_next(request.form.get("next", ""))
    if PROOF_KEY not in session or has_passkey(here().person_id):
        return _confirm_page(wanted)
    result = confirm_by_code(
        session[PROOF_KEY],
        request.form.get("code", ""),
        email=here().email,
        session_id=here().session_id,
        reader=reader_here(),
    )
    if result is not CodeResult.PROVEN:
        return _confirm_page(wanted, error=CODE_SENTENCES[result], status=400)
    session.pop(PROOF_KEY, None)
    return redirect(wanted, 303)


@admin.post("/confirm/passkey/start")
@needs(Permission.OWN_ACCOUNT)
@limiter.limit("30/minute")
def start_confirming() -> ResponseReturnValue:
    return jsonify(passkeys.start_using(place_here(), person_id=here().person_id))


@admin.post("/confirm/passkey")
@needs(Permission.OWN_ACCOUNT)
@limiter.limit("20/minute")
def confirm_by_passkey() -> ResponseReturnValue:
    passkeys.confirm(read_answer(), place_here(), person_id=here().person_id, session_id=here().session_id)
    return jsonify({"next": safe_next(request.args.get("next", ""))})
