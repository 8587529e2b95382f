"""Coming in: an address and a code, a mailed link, a passkey, or a link that was made at the machine."""

from flask import flash, jsonify, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from storefront.core.email_addresses import is_address
from storefront.customers.browser_session import reader_here
from storefront.customers.spend_proofs import CODE_SENTENCES, find_by_link
from storefront.owner.admin.blueprint import admin, find_here, needs, safe_next
from storefront.owner.admin.cookie import drop_token, keep_token, token_here
from storefront.owner.admin.json_body import read_answer
from storefront.owner.admin.places import knocking_browser, named_address, place_here
from storefront.owner.people import links, passkeys, sessions
from storefront.owner.people.roles import Permission
from storefront.owner.people.sign_in import (
    Entry,
    is_for_sign_in,
    mail_code,
    sign_in_by_code,
    sign_in_by_link,
    sign_in_by_mailed_link,
)
from storefront.web.limits import limiter

PROOF_KEY = "admin_proof"
EMAIL_KEY = "admin_email"
NEXT_KEY = "admin_next"
NOT_AN_ADDRESS = "This doesn't look like an email address."


@admin.get("/sign-in")
@needs(Permission.OPEN)
def sign_in() -> ResponseReturnValue:
    wanted = safe_next(request.args.get("next", ""))
    if find_here() is not None:
        return redirect(wanted)
    session[NEXT_KEY] = wanted
    reader_here()
    return _sign_in_page()


def _sign_in_page(*, email: str = "", error: str = "", status: int = 200) -> ResponseReturnValue:
    page = render_template(
        "owner/admin/sign_in.html",
        email=email or session.get(EMAIL_KEY, ""),
        error=error,
        can_have_passkeys=place_here().can_have_passkeys,
        named_address=named_address(),
    )
    return make_response(page, status)


@admin.post("/sign-in")
@needs(Permission.OPEN)
@limiter.limit("5/minute;20/hour")
def send_code() -> ResponseReturnValue:
    email = request.form.get("email", "").strip()
    if not is_address(email):
        return _sign_in_page(email=email[:254], error=NOT_AN_ADDRESS, status=400)
    session[PROOF_KEY] = mail_code(email, asked_by=reader_here().browser)
    session[EMAIL_KEY] = email
    return redirect(url_for("admin.enter_code"), 303)


@admin.get("/sign-in/code")
@needs(Permission.OPEN)
def enter_code() -> ResponseReturnValue:
    if PROOF_KEY not in session:
        return redirect(url_for("admin.sign_in"))
    return _code_page()


def _code_page(error: str = "", status: int = 200) -> ResponseReturnValue:
    page = render_template("owner/admin/code.html", email=session.get(EMAIL_KEY, ""), error=error)
    return make_response(page, status)


@admin.post("/sign-in/code")
@needs(Permission.OPEN)
@limiter.limit("10/minute;60/hour")
def check_code() -> ResponseReturnValue:
    if PROOF_KEY not in session:
        return redirect(url_for("admin.sign_in"), 303)
    entry = sign_in_by_code(session[PROOF_KEY], request.form.get("code", ""), knocking_browser())
    if entry.token:
        return _enter(entry.token)
    return _code_page(_why_not(entry), 400)


def _why_not(entry: Entry) -> str:
    if entry.passkey_advice:
        return entry.passkey_advice
    return CODE_SENTENCES.get(entry.code_result, "That code has expired. Have a new email sent.")


@admin.get("/sign-in/link/<token>")
@needs(Permission.OPEN)
@limiter.limit("30/minute")
def open_mailed_link(token: str) -> ResponseReturnValue:
    """Show a page with a button: what opens links in mails before people do signs nobody in."""
    proof = find_by_link(token, browser=reader_here().browser)
    email = proof.email if proof is not None and is_for_sign_in(proof) else None
    here = find_here()
    if here is not None and email in (None, here.email):
        return redirect("/admin")
    return _link_page(email=email, action=url_for("admin.use_mailed_link", token=token))


@admin.post("/sign-in/link/<token>")
@needs(Permission.OPEN)
@limiter.limit("30/minute")
def use_mailed_link(token: str) -> ResponseReturnValue:
    entry = sign_in_by_mailed_link(token, knocking_browser())
    if entry.passkey_advice:
        flash(entry.passkey_advice, "bad")
        return redirect(url_for("admin.sign_in"), 303)
    return _enter(entry.token) if entry.token else _ended_page()


@admin.get("/link/<token>")
@needs(Permission.OPEN)
@limiter.limit("30/minute")
def open_link(token: str) -> ResponseReturnValue:
    """Show the page of an invitation, or of a link that was made at the machine.

    Also to who is signed in with it and has to prove it: none of their passkeys may work any more. And where
    somebody else is signed in, who is named: the button signs them out.
    """
    link = links.find_link(token, browser=reader_here().browser)
    here = find_here()
    if here is not None and (link is None or (here.is_fresh and link[0].id == here.person_id)):
        return redirect("/admin")
    return _link_page(email=link[0].email if link else None, action=url_for("admin.use_link", token=token))


@admin.post("/link/<token>")
@needs(Permission.OPEN)
@limiter.limit("30/minute")
def use_link(token: str) -> ResponseReturnValue:
    entry = sign_in_by_link(token, knocking_browser())
    return _enter(entry.token) if entry.token else _ended_page()


def _ended_page() -> ResponseReturnValue:
    return _link_page(email=None, action="")


def _link_page(*, email: str | None, action: str) -> ResponseReturnValue:
    page = render_template("owner/admin/link.html", email=email, action=action, here=find_here())
    return make_response(page, 200 if email else 404)


@admin.post("/sign-in/passkey/start")
@needs(Permission.OPEN)
@limiter.limit("30/minute")
def start_passkey() -> ResponseReturnValue:
    return jsonify(passkeys.start_using(place_here()))


@admin.post("/sign-in/passkey")
@needs(Permission.OPEN)
@limiter.limit("20/minute")
def use_passkey() -> ResponseReturnValue:
    token = passkeys.sign_in(read_answer(), place_here(), knocking_browser())
    response = jsonify({"next": safe_next(session.pop(NEXT_KEY, ""))})
    keep_token(response, token)
    return response


def _enter(token: str) -> ResponseReturnValue:
    for name in (PROOF_KEY, EMAIL_KEY):
        session.pop(name, None)
    wanted = safe_next(session.pop(NEXT_KEY, ""))
    response = make_response(redirect(wanted, 303))
    keep_token(response, token)
    return response


@admin.post("/sign-out")
@needs(Permission.OPEN)
def sign_out() -> ResponseReturnValue:
    token = token_here()
    if token:
        sessions.end(token)
    flash("You're signed out.", "good")
    response = make_response(redirect(url_for("admin.sign_in"), 303))
    response.headers["Clear-Site-Data"] = '"storage"'  # what was typed into a product and not saved
    drop_token(response)
    return response
