"""One's own account: passkeys and sessions."""

from flask import flash, jsonify, redirect, render_template
from flask.typing import ResponseReturnValue

from storefront.core.errors import NotFound
from storefront.owner.admin.blueprint import admin, here, needs
from storefront.owner.admin.json_body import read_answer
from storefront.owner.admin.places import named_address, place_here
from storefront.owner.people import passkeys, sessions
from storefront.owner.people.moved_passkeys import why_no_passkey_works
from storefront.owner.people.roles import Permission
from storefront.web.limits import limiter

PAGE = "/admin/account"


@admin.get("/account")
@needs(Permission.OWN_ACCOUNT)
def account() -> ResponseReturnValue:
    return render_template(
        "owner/admin/account.html",
        passkeys=passkeys.list_passkeys(here().person_id),
        moved=why_no_passkey_works(here().person_id, here().role, origin=place_here().seen_origin),
        sessions=sessions.list_sessions(here().person_id, here=here().session_id),
        can_have_passkeys=place_here().can_have_passkeys,
        named_address=named_address(),
    )


@admin.post("/account/passkeys/start")
@needs(Permission.OWN_ACCOUNT, fresh=True)
@limiter.limit("20/minute")
def start_adding_passkey() -> ResponseReturnValue:
    return jsonify(passkeys.start_adding(here().person_id, here().email, place_here()))


@admin.post("/account/passkeys")
@needs(Permission.OWN_ACCOUNT, fresh=True)
@limiter.limit("20/minute")
def add_passkey() -> ResponseReturnValue:
    answer, name = read_answer("answer"), str(read_answer().get("name") or "")
    passkeys.add(here().person_id, answer, name=name, place=place_here())
    flash("Passkey added. Next time you sign in with it.", "good")
    return jsonify({"next": PAGE})


@admin.post("/account/passkeys/<row:passkey_id>/remove")
@needs(Permission.OWN_ACCOUNT, fresh=True)
def remove_passkey(passkey_id: int) -> ResponseReturnValue:
    if not passkeys.remove(here().person_id, passkey_id):
        raise NotFound("This passkey is not on your list any more.")
    flash("Passkey removed.", "good")
    return redirect(PAGE, 303)


@admin.post("/account/sessions/<row:session_id>/end")
@needs(Permission.OWN_ACCOUNT)
def end_session(session_id: int) -> ResponseReturnValue:
    sessions.end_one(here().person_id, here().email, session_id)
    flash("That session has ended.", "good")
    return redirect(f"{PAGE}#sessions", 303)


@admin.post("/account/sessions/end-others")
@needs(Permission.OWN_ACCOUNT)
def end_other_sessions() -> ResponseReturnValue:
    sessions.end_others(here().person_id, here().email, here=here().session_id)
    flash("You're signed in here and nowhere else.", "good")
    return redirect(f"{PAGE}#sessions", 303)
