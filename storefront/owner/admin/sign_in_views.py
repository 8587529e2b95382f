"""Coming in: an address and a code, a mailed link, a passkey, or a link that was made at the machine."""

from flask import Response, flash, jsonify, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from storefront.core.email_addresses import is_address
from storefront.customers.browser_session import reader_here
from storefront.customers.spend_proofs import CODE_SENTENCES
from storefront.owner.admin.blueprint import admin, find_here, needs, safe_next
from storefront.owner.admin.cookie import drop_token, keep_token, token_here
from storefront.owner.admin.json_body import read_answer
from storefront.owner.admin.places import knocking_browser, named_address, place_here
from storefront.owner.people import passkeys, sessions
from storefront.owner.people.roles import Permission
from storefront.owner.people.sessions import SignedIn
from storefront.owner.people.sign_in import (
    Door,
    Entry,
    find_door,
    find_mailed_door,
    mail_code,
    sign_in_by_code,
    sign_in_by_link,
    sign_in_by_mailed_link,
)
from storefront.web.limits import limiter

PROOF_KEY = "admin_proof"
EMAIL_KEY = "admin_email"
NEXT_KEY = "admin_next"
DRAFTS = '"storage"'  # what somebody typed into a product and did not save
HAS_ENDED = "That link has expired, or was used elsewhere."
NOT_AN_ADDRESS = "This doesn't look like an email address."


@admin.get("/sign-in")
@needs(Permission.OPEN)
def sign_in() -> ResponseReturnValue:
    wanted = safe_next(request.args.get("next", ""))
    if find_here() is not None:
        return redirect(wanted)
    session[NEXT_KEY] = wanted
    reader_here()
    return _sign_in_page(wanted)


def _wanted_here() -> str:
    """Return the page that this tab asked for; empty where it does not say. The session knows the newest tab's."""
    wanted = request.values.get("next", "")
    return safe_next(wanted) if wanted else ""


def _take_wanted() -> str:
    newest = safe_next(session.pop(NEXT_KEY, ""))
    return _wanted_here() or newest


def _sign_in_page(wanted: str, *, email: str = "", error: str = "", status: int = 200) -> ResponseReturnValue:
    page = render_template(
        "owner/admin/sign_in.html",
        next=wanted,
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
        return _sign_in_page(_wanted_here(), email=email[:254], error=NOT_AN_ADDRESS, status=400)
    session[PROOF_KEY] = mail_code(email, asked_by=reader_here().browser)
    session[EMAIL_KEY] = email
    return redirect(url_for("admin.enter_code", next=_wanted_here() or None), 303)


@admin.get("/sign-in/code")
@needs(Permission.OPEN)
def enter_code() -> ResponseReturnValue:
    if PROOF_KEY not in session:
        return redirect(url_for("admin.sign_in", next=_wanted_here() or None))
    return _code_page()


def _code_page(error: str = "", status: int = 200) -> ResponseReturnValue:
    page = render_template(
        "owner/admin/code.html", email=session.get(EMAIL_KEY, ""), error=error, next=_wanted_here()
    )
    return make_response(page, status)


@admin.post("/sign-in/code")
@needs(Permission.OPEN)
@limiter.limit("10/minute;60/hour")
def check_code() -> ResponseReturnValue:
    if PROOF_KEY not in session:
        return redirect(url_for("admin.sign_in", next=_wanted_here() or None), 303)
    before = find_here()
    entry = sign_in_by_code(session[PROOF_KEY], request.form.get("code", ""), knocking_browser())
    if entry.token:
        return _enter(entry, before)
    return _code_page(_why_not(entry), 400)


def _why_not(entry: Entry) -> str:
    if entry.advice:
        return entry.advice
    return CODE_SENTENCES.get(entry.code_result, "That code has expired. Have a new email sent.")


@admin.get("/sign-in/link/<token>")
@needs(Permission.OPEN)
@limiter.limit("30/minute")
def open_mailed_link(token: str) -> ResponseReturnValue:
    """Show a page with a button: what opens links in mails before people do signs nobody in."""
    door = find_mailed_door(token, knocking_browser())
    here = find_here()
    if here is not None and (door is None or door.person_id == here.person_id):
        return _lead_on(door, here)
    return _link_page(door, action=url_for("admin.use_mailed_link", token=token))


@admin.post("/sign-in/link/<token>")
@needs(Permission.OPEN)
@limiter.limit("30/minute")
def use_mailed_link(token: str) -> ResponseReturnValue:
    before = find_here()
    entry = sign_in_by_mailed_link(token, knocking_browser())
    if entry.advice:
        flash(entry.advice, "bad")
        response = make_response(redirect(url_for("admin.sign_in", next=session.get(NEXT_KEY) or None), 303))
        if _is_somebody_else(before, entry):  # who is signed in is led away from signing in
            _sign_out(response)
        return response
    return _enter(entry, before) if entry.token else _link_page(None)


@admin.get("/link/<token>")
@needs(Permission.OPEN)
@limiter.limit("30/minute")
def open_link(token: str) -> ResponseReturnValue:
    """Show the page of an invitation, or of a link that was made at the machine.

    Also to who is signed in with it and has to prove it: none of their passkeys may work any more. And where
    somebody else is signed in, who is named: the button signs them out.
    """
    door = find_door(token, knocking_browser())
    here = find_here()
    if here is not None and (door is None or (here.is_fresh and door.person_id == here.person_id)):
        return _lead_on(door, here)
    return _link_page(door, action=url_for("admin.use_link", token=token))


@admin.post("/link/<token>")
@needs(Permission.OPEN)
@limiter.limit("30/minute")
def use_link(token: str) -> ResponseReturnValue:
    before = find_here()
    entry = sign_in_by_link(token, knocking_browser())
    return _enter(entry, before) if entry.token else _link_page(None)


def _lead_on(door: Door | None, here: SignedIn) -> ResponseReturnValue:
    """To where they are signed in. A link without a door may be somebody else's: say whose pages these are."""
    if door is None:
        flash(f"{HAS_ENDED} You're signed in as {here.email}.", "bad")
    return redirect("/admin")


def _link_page(door: Door | None, *, action: str = "") -> ResponseReturnValue:
    """Show the button, or that the link has ended: no button signs somebody out and then lets nobody in."""
    email = door.email if door is not None and door.is_open else None
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
    before = find_here()
    entry = passkeys.sign_in(read_answer(), place_here(), knocking_browser())
    response = jsonify({"next": _take_wanted()})
    _let_in(response, entry, before)
    return response


def _enter(entry: Entry, before: SignedIn | None) -> ResponseReturnValue:
    for name in (PROOF_KEY, EMAIL_KEY):
        session.pop(name, None)
    response = make_response(redirect(_take_wanted(), 303))
    _let_in(response, entry, before)
    return response


def _let_in(response: Response, entry: Entry, before: SignedIn | None) -> None:
    if _is_somebody_else(before, entry):
        response.headers["Clear-Site-Data"] = DRAFTS
    keep_token(response, entry.token)


def _is_somebody_else(before: SignedIn | None, entry: Entry) -> bool:
    """Tell whether this browser goes from one person to another, who is not to find the drafts of the first."""
    return before is not None and before.person_id != entry.person_id


@admin.post("/sign-out")
@needs(Permission.OPEN)
def sign_out() -> ResponseReturnValue:
    flash("You're signed out.", "good")
    response = make_response(redirect(url_for("admin.sign_in"), 303))
    _sign_out(response)
    return response


def _sign_out(response: Response) -> None:
    token = token_here()
    if token:
        sessions.end(token)
    response.headers["Clear-Site-Data"] = DRAFTS
    drop_token(response)
