"""Who may come in: invited, given another role, removed; and there is always an owner."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
import time_machine
from flask import Flask

from storefront.core import clock
from storefront.core.db import db
from storefront.owner.people.models import Role
from storefront.owner.people.people import PersonRefused, change_role, invite, remove
from tests.support.databases import BOTH
from tests.support.people import (
    OWNER,
    ask_for_code,
    is_in,
    link_for,
    mailed,
    make_person,
    sign_in_at_admin,
)
from tests.support.rows import change_rows, read_rows
from tests.support.shop import PATIENCE_SECONDS, Buyer
from tests.support.sign_in import waiting_mails

SUE = "sue@example.com"


def roles(app: Flask) -> dict[str, str]:
    return {row["email"]: row["role"] for row in read_rows(app, "SELECT email, role FROM people")}


def invitations(app: Flask) -> list[str]:
    links = [re.search(r"/admin/link/[0-9a-f]{32}", mail.text) for mail in waiting_mails(app)]
    return [link[0] for link in links if link]


def test_mails_an_invitation_that_lets_in_once_with_its_role(app: Flask) -> None:
    owner = sign_in_at_admin(app, make_person(app))
    assert owner.post("/admin/people", email=SUE, role="support").location == "/admin/people"
    assert roles(app) == {OWNER: "owner", SUE: "support"}
    sue = Buyer(app)
    (link,) = invitations(app)
    assert SUE in sue.get(link).text
    assert sue.post(link).location == "/admin"
    assert sue.get("/admin").status_code == 200
    assert sue.get("/admin/people").status_code == 403


def test_mails_another_invitation_and_ends_the_one_before(app: Flask) -> None:
    owner = sign_in_at_admin(app, make_person(app))
    owner.post("/admin/people", email=SUE, role="support")
    (old,) = invitations(app)
    owner.post("/admin/people", email=SUE, role="reader")
    (new,) = invitations(app)
    assert Buyer(app).get(old).status_code == 404
    assert Buyer(app).get(new).status_code == 200
    assert roles(app)[SUE] == "reader"


def test_refuses_what_is_no_address_and_who_came_already(app: Flask) -> None:
    owner = sign_in_at_admin(app, make_person(app))
    for email, sentence in (("sue at example", "does not look like an email"), (OWNER, "may come in already")):
        answer = owner.post("/admin/people", email=email, role="support")
        assert answer.status_code == 400
        assert sentence in answer.text
        assert f'value="{email}"' in answer.text
    assert roles(app) == {OWNER: "owner"}


@pytest.mark.postgresql
@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_invites_somebody_once_however_often_it_is_clicked_at_the_same_moment(app: Flask, engine: str) -> None:
    make_person(app)
    both = Barrier(2)

    def click(_number: int) -> str:
        with app.app_context():
            try:
                both.wait(PATIENCE_SECONDS)
                return invite(SUE, Role.SUPPORT).email
            finally:
                db.session.remove()

    for _round in range(5):
        with ThreadPoolExecutor(2) as pool:
            assert list(pool.map(click, range(2))) == [SUE, SUE]
        assert roles(app) == {OWNER: "owner", SUE: "support"}
        change_rows(app, "DELETE FROM people WHERE email_key = :sue", sue=SUE)


def test_keeps_an_owner_who_was_invited_and_has_not_come_yet(app: Flask) -> None:
    """As it is while a shop is set up at the machine."""
    with app.app_context():
        invite(SUE, Role.OWNER)
        with pytest.raises(PersonRefused, match="is the last owner"):
            invite(SUE, Role.READER)
        invite(SUE, Role.OWNER)
        db.session.remove()
    assert roles(app) == {SUE: "owner"}
    make_person(app)
    with app.app_context():
        invite(SUE, Role.READER)
        db.session.remove()
    assert roles(app) == {OWNER: "owner", SUE: "reader"}


def test_refuses_a_role_that_there_is_not(app: Flask) -> None:
    owner = sign_in_at_admin(app, make_person(app))
    assert owner.post("/admin/people", email=SUE, role="king").status_code == 400
    assert SUE not in roles(app)


def test_keeps_the_last_owner_who_can_come_in(app: Flask) -> None:
    person_id = make_person(app)
    make_person(app, SUE, Role.OWNER, has_come=False)
    owner = sign_in_at_admin(app, person_id)
    for action, form in (("role", {"role": "reader"}), ("remove", {})):
        answer = owner.post(f"/admin/people/{person_id}/{action}", **form)
        assert answer.status_code == 400
        assert "is the last owner who can come in" in answer.text
    assert roles(app)[OWNER] == "owner"


def test_changes_a_role_from_the_next_click_on(app: Flask) -> None:
    owner = sign_in_at_admin(app, make_person(app))
    sue_id = make_person(app, SUE)
    sue = sign_in_at_admin(app, sue_id)
    assert sue.get("/admin/people").status_code == 200
    for _ in range(2):
        owner.post(f"/admin/people/{sue_id}/role", role="reader")
    changes = read_rows(app, "SELECT id FROM audit_entries WHERE verb = 'person.role_changed'")
    assert len(changes) == 1, "the same again changes nothing"
    assert sue.get("/admin/people").status_code == 403
    owner.post(f"/admin/people/{sue_id}/remove")
    assert sue.get("/admin").status_code == 303


def test_leads_who_takes_a_smaller_role_to_what_they_may_open(app: Flask) -> None:
    person_id = make_person(app)
    make_person(app, SUE)
    owner = sign_in_at_admin(app, person_id)
    answer = owner.post(f"/admin/people/{person_id}/role", role="owner")
    assert answer.location == "/admin/people", "it is theirs already"
    answer = owner.post(f"/admin/people/{person_id}/role", role="reader")
    assert answer.location == "/admin"
    page = owner.get("/admin")
    assert page.status_code == 200
    assert "Your role is reader now. An owner of the shop can change it back." in page.text


def test_signs_somebody_out_of_every_browser_at_once(app: Flask) -> None:
    owner = sign_in_at_admin(app, make_person(app))
    sue_id = make_person(app, SUE)
    browsers = [sign_in_at_admin(app, sue_id) for _ in range(2)]
    link = link_for(app, sue_id)
    done = owner.post(f"/admin/people/{sue_id}/sign-out")
    assert f"2 browsers were signed out. {SUE} may sign in again." in owner.get(done.location).text
    assert [one.get("/admin").status_code for one in browsers] == [303, 303]
    assert Buyer(app).get(link).status_code == 404
    assert owner.post(f"/admin/people/{sue_id}/sign-out").status_code == 303
    assert len(read_rows(app, "SELECT id FROM audit_entries WHERE verb = 'person.signed_out'")) == 1
    assert sign_in_at_admin(app, sue_id).get("/admin").status_code == 200
    assert owner.get("/admin").status_code == 200


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_ends_codes_and_links_in_mails_too_at_signing_somebody_out(app: Flask) -> None:
    owner_id, sue_id = make_person(app), make_person(app, SUE)
    sue = sign_in_at_admin(app, sue_id)
    with time_machine.travel(clock.now() + timedelta(minutes=11), tick=True):
        sue.post("/admin/confirm/mail", next="/admin/people")
        thief = ask_for_code(app, SUE)
        code, link = mailed(app)
        owner = sign_in_at_admin(app, owner_id)
        for _ in range(2):
            owner.post(f"/admin/people/{sue_id}/sign-out")
        answer = thief.post("/admin/sign-in/code", code=code)
        assert answer.status_code == 400
        assert "That code has expired. Send a new one." in answer.text
        assert thief.get(link).status_code == thief.post(link).status_code == 404
        assert not is_in(thief)
        assert len(read_rows(app, "SELECT id FROM audit_entries WHERE verb = 'person.signed_out'")) == 1
        expired = "SELECT id FROM address_proofs WHERE expires_at <= :now"
        assert len(read_rows(app, expired, now=str(clock.now().replace(tzinfo=None)))) == 2, (
            "the one to confirm too"
        )
        again = ask_for_code(app, SUE)
        assert again.post("/admin/sign-in/code", code=mailed(app)[0]).location == "/admin"


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_ends_codes_and_links_too_at_ending_all_other_sessions(app: Flask) -> None:
    owner_id = make_person(app)
    owner, thief, other = sign_in_at_admin(app, owner_id), ask_for_code(app, OWNER), Buyer(app)
    code, mailed_link = mailed(app)
    link = link_for(app, owner_id)
    for _ in range(2):
        assert owner.post("/admin/account/sessions/end-others").location == "/admin/account#sessions"
    assert "That code has expired." in thief.post("/admin/sign-in/code", code=code).text
    for path in (mailed_link, link):
        assert other.get(path).status_code == other.post(path).status_code == 404
    assert [is_in(browser) for browser in (owner, thief, other)] == [True, False, False]
    assert len(read_rows(app, "SELECT id FROM audit_entries WHERE verb = 'person.sessions_ended'")) == 1


def test_ends_the_invitation_of_who_never_came_at_signing_them_out(app: Flask) -> None:
    owner = sign_in_at_admin(app, make_person(app))
    owner.post("/admin/people", email=SUE, role="reader")
    (link,) = invitations(app)
    sue_id = read_rows(app, "SELECT id FROM people WHERE email = :sue", sue=SUE)[0]["id"]
    done = owner.post(f"/admin/people/{sue_id}/sign-out")
    page = owner.get(done.location).text
    assert f"{SUE} was signed in nowhere. Their invitation has ended: send another" in page
    assert "Invite again" in page
    sue = Buyer(app)
    assert sue.get(link).status_code == 404
    sue = ask_for_code(app, SUE)
    assert "Your invitation has expired." in sue.post("/admin/sign-in/code", code=mailed(app)[0]).text


def test_asks_for_a_fresh_proof_before_people_are_changed(app: Flask) -> None:
    owner = sign_in_at_admin(app, make_person(app))
    with time_machine.travel(clock.now() + timedelta(minutes=11)):
        answer = owner.post("/admin/people", email=SUE, role="support", page="/admin/people")
        assert answer.location == "/admin/confirm?next=/admin/people"
        assert SUE not in roles(app)
        owner.post("/admin/confirm/mail", next="/admin/people")
        code = waiting_mails(app)[-1].subject.split()[0]
        assert owner.post("/admin/confirm", code="AAAA-AAAA", next="/admin/people").status_code == 400
        assert owner.post("/admin/confirm", code=code, next="/admin/people").location == "/admin/people"
        assert owner.post("/admin/people", email=SUE, role="support").location == "/admin/people"
    assert SUE in roles(app)


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_leaves_one_of_two_owners_who_remove_each_other_at_once(app: Flask) -> None:
    ids = [make_person(app), make_person(app, SUE)]

    def try_to_remove(person_id: int) -> bool:
        with app.app_context():
            try:
                remove(person_id)
            except PersonRefused:
                return False
            finally:
                db.session.remove()
            return True

    with ThreadPoolExecutor(2) as pool:
        removed = list(pool.map(try_to_remove, ids))
    assert sorted(removed) == [False, True]
    assert len(roles(app)) == 1


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_leaves_one_owner_where_two_step_down_at_once(app: Flask) -> None:
    ids = [make_person(app), make_person(app, SUE)]

    def try_to_change(person_id: int) -> None:
        with app.app_context():
            try:
                change_role(person_id, Role.READER)
            except PersonRefused:
                pass
            finally:
                db.session.remove()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(try_to_change, ids))
    assert sorted(roles(app).values()) == ["owner", "reader"]
