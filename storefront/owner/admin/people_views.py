"""Who may come in: invited, given another role, removed."""

from flask import flash, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from storefront.owner.admin.blueprint import admin, here, needs
from storefront.owner.people.models import Role
from storefront.owner.people.people import (
    PersonRefused,
    SignedOut,
    change_role,
    invite,
    list_people,
    remove,
    sign_out,
)
from storefront.owner.people.roles import ROLE_SENTENCES, Permission, may

PAGE = "/admin/people"


@admin.get("/people")
@needs(Permission.PEOPLE)
def people() -> ResponseReturnValue:
    return _people_page()


def _people_page(*, email: str = "", error: str = "", status: int = 200) -> ResponseReturnValue:
    page = render_template(
        "owner/admin/people.html",
        people=list_people(),
        roles=ROLE_SENTENCES,
        email=email,
        chosen_role=request.form.get("role", Role.SUPPORT.value),
        error=error,
        is_fresh=here().is_fresh,
    )
    return make_response(page, status)


def _role() -> Role:
    """Raises PersonRefused."""
    try:
        return Role(request.form.get("role", ""))
    except ValueError as error:
        raise PersonRefused("Choose one of the roles on the page.") from error


@admin.post("/people")
@needs(Permission.PEOPLE, fresh=True)
def invite_person() -> ResponseReturnValue:
    email = request.form.get("email", "").strip()
    try:
        invited = invite(email, _role())
    except PersonRefused as refusal:
        return _people_page(email=email[:254], error=refusal.message, status=400)
    flash(f"An invitation is on its way to {invited.email}. It works for 7 days.", "good")
    return redirect(PAGE, 303)


@admin.post("/people/<row:person_id>/role")
@needs(Permission.PEOPLE, fresh=True)
def change_person(person_id: int) -> ResponseReturnValue:
    try:
        role = _role()
        change_role(person_id, role)
    except PersonRefused as refusal:
        return _people_page(error=refusal.message, status=400)
    if person_id == here().person_id and not may(role, Permission.PEOPLE):
        flash(f"Your role is {role.value} now. An owner of the shop can change it back.", "good")
        return redirect("/admin", 303)
    flash("Role changed. It counts from their next click.", "good")
    return redirect(PAGE, 303)


@admin.post("/people/<row:person_id>/sign-out")
@needs(Permission.PEOPLE, fresh=True)
def sign_out_person(person_id: int) -> ResponseReturnValue:
    flash(_say_signed_out(sign_out(person_id)), "good")
    return redirect(PAGE, 303)


def _say_signed_out(done: SignedOut) -> str:
    if done.needs_invitation:
        return f"{done.email} was signed in nowhere. Their invitation has ended: send another for them to come in."
    words = "1 browser was" if done.sessions == 1 else f"{done.sessions} browsers were"
    return f"{words} signed out. {done.email} may sign in again."


@admin.post("/people/<row:person_id>/remove")
@needs(Permission.PEOPLE, fresh=True)
def remove_person(person_id: int) -> ResponseReturnValue:
    try:
        email = remove(person_id)
    except PersonRefused as refusal:
        return _people_page(error=refusal.message, status=400)
    flash(f"{email} can't come in any more. Their sessions have ended.", "good")
    return redirect(PAGE, 303)
