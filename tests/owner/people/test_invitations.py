"""An invitation works for 7 days: by its link, and by a code for who was invited."""

from collections.abc import Callable
from datetime import datetime, timedelta
from html import unescape

import pytest
import time_machine
from flask import Flask

from storefront.core import clock
from storefront.core.db import db
from storefront.devtools.local.admin_link import OWNER as FIRST
from storefront.owner.people.links import forget_links
from storefront.owner.people.models import Role
from storefront.owner.people.passkeys import remove_all
from storefront.owner.people.people import get_person, invite, list_people, make_first_owner, sign_out
from tests.support.databases import BOTH
from tests.support.people import ask_for_code, is_in, link_for, mailed, make_person, sign_in_at_admin
from tests.support.rows import change_rows
from tests.support.shop import Buyer

SUE = "sue@example.com"
SENTENCE = "Your invitation has expired. Ask an owner for a new one, or run `storefront owner link`"
OPEN, OVER, LONG_OVER = timedelta(days=6), timedelta(days=8), timedelta(days=60)


def invite_sue(app: Flask, role: Role = Role.OWNER) -> str:
    with app.app_context():
        invited = invite(SUE, role)
        db.session.remove()
    return f"/admin/link/{invited.link}"


def at(moment: datetime) -> time_machine.travel:
    return time_machine.travel(moment, tick=True)


def try_code(app: Flask, email: str = SUE) -> tuple[Buyer, str]:
    """Return the browser, and what the page said."""
    browser = ask_for_code(app, email)
    code, _link = mailed(app)
    answer = browser.post("/admin/sign-in/code", code=code)
    return browser, unescape(answer.text)


def try_mailed_link(app: Flask) -> tuple[Buyer, str]:
    browser = ask_for_code(app, SUE)
    _code, link = mailed(app)
    browser.post(link)
    return browser, unescape(browser.get("/admin/sign-in").text)


def forget_as_the_worker_does(app: Flask) -> None:
    with app.app_context():
        forget_links()
        db.session.remove()


@pytest.mark.parametrize("engine", BOTH, indirect=True)
@pytest.mark.parametrize("later", [OVER, LONG_OVER])
def test_lets_nobody_in_by_mail_whose_invitation_expired(app: Flask, later: timedelta) -> None:
    make_person(app)
    link = invite_sue(app)
    with at(clock.now() + later):
        forget_as_the_worker_does(app)
        assert Buyer(app).get(link).status_code == 404
        for knock in (try_code, try_mailed_link, try_code):
            browser, said = knock(app)
            assert SENTENCE in said
            assert not is_in(browser)


def test_lets_in_by_a_code_while_an_invitation_is_open_and_ever_after(app: Flask) -> None:
    make_person(app)
    now = clock.now()
    invite_sue(app)
    with at(now + OPEN):
        assert is_in(try_code(app)[0])
    with at(now + LONG_OVER):
        forget_as_the_worker_does(app)
        assert is_in(try_code(app)[0])


@pytest.mark.parametrize("engine", BOTH, indirect=True)
@pytest.mark.parametrize("knock", [try_code, try_mailed_link])
def test_ends_when_who_was_invited_comes_by_mail(app: Flask, knock: Callable[[Flask], tuple[Buyer, str]]) -> None:
    make_person(app)
    link = invite_sue(app, Role.READER)
    assert is_in(knock(app)[0])
    thief = Buyer(app)
    assert thief.get(link).status_code == thief.post(link).status_code == 404
    assert not is_in(thief)


@pytest.mark.parametrize("engine", BOTH, indirect=True)
@pytest.mark.parametrize("knock", [try_code, try_mailed_link])
def test_ends_at_the_next_coming_of_who_came_beside_it(
    app: Flask, knock: Callable[[Flask], tuple[Buyer, str]]
) -> None:
    """Older versions left it open after a code."""
    make_person(app)
    link = invite_sue(app, Role.READER)
    change_rows(app, "UPDATE people SET came_at = created_at WHERE came_at IS NULL")
    assert Buyer(app).get(link).status_code == 200
    assert is_in(knock(app)[0])
    thief = Buyer(app)
    assert thief.get(link).status_code == thief.post(link).status_code == 404
    assert not is_in(thief)


def test_ends_a_link_of_the_machine_with_a_coming_by_code(app: Flask) -> None:
    link = link_for(app, make_person(app, SUE))
    assert is_in(try_code(app)[0])
    assert Buyer(app).get(link).status_code == 404
    browser = sign_in_at_admin(app, person_of(app))
    assert is_in(browser)


def person_of(app: Flask) -> int:
    with app.app_context():
        person_id = get_person(SUE).id
        db.session.remove()
    return person_id


def test_opens_to_a_second_click_of_who_came_by_it(app: Flask) -> None:
    make_person(app)
    link, browser = invite_sue(app, Role.READER), Buyer(app)
    assert [browser.post(link).location for _ in range(2)] == ["/admin", "/admin"]
    assert is_in(browser)


def test_opens_again_with_a_new_invitation(app: Flask) -> None:
    now = clock.now()
    person_id = make_person(app)
    invite_sue(app, Role.READER)
    with at(now + LONG_OVER):
        owner = sign_in_at_admin(app, person_id)
        page = owner.get("/admin/people").text
        assert "Invitation expired" in page
        assert "Invite again" in page
        assert f'name="email" value="{SUE}"' in page
        assert owner.post("/admin/people", email=SUE, role="reader").location == "/admin/people"
        page = owner.get("/admin/people").text
        assert "Invited" in page
        assert "Invite again" not in page
        assert is_in(try_code(app)[0])


def test_opens_by_a_link_of_the_machine_after_the_invitation_expired(app: Flask) -> None:
    make_person(app)
    invite_sue(app)
    with app.app_context():
        (sue_id,) = (person.id for person in list_people() if person.email == SUE)
        db.session.remove()
    with at(clock.now() + LONG_OVER):
        browser = Buyer(app)
        assert browser.post(link_for(app, sue_id)).location == "/admin"
        assert is_in(try_code(app)[0])


def test_stays_open_beside_a_link_of_the_machine_that_is_over_sooner(app: Flask) -> None:
    make_person(app)
    link = invite_sue(app, Role.READER)
    first, second = (link_for(app, person_of(app)) for _ in range(2))
    assert [Buyer(app).get(path).status_code for path in (first, second, link)] == [404, 200, 200]
    with at(clock.now() + timedelta(hours=2)):
        assert [Buyer(app).get(path).status_code for path in (second, link)] == [404, 200]
        assert is_in(try_code(app)[0])


def test_expires_also_where_no_owner_has_come(app: Flask) -> None:
    invite_sue(app)
    with at(clock.now() + LONG_OVER):
        forget_as_the_worker_does(app)
        browser, said = try_code(app)
        assert SENTENCE in said
        assert not is_in(browser)


@pytest.mark.parametrize("engine", BOTH, indirect=True)
@pytest.mark.parametrize("end", [sign_out, remove_all])
@pytest.mark.parametrize("later", [timedelta(0), OVER])
def test_stays_ended_after_who_never_came_was_signed_out(
    app: Flask, end: Callable[[int], object], later: timedelta
) -> None:
    """No owner has come, so only their link says that somebody was invited."""
    link = invite_sue(app)
    with at(clock.now() + later):
        for _ in range(2):
            with app.app_context():
                end(get_person(SUE).id)
                assert [person.is_expired for person in list_people()] == [True]
                db.session.remove()
            assert Buyer(app).get(link).status_code == 404
            browser, said = try_code(app)
            assert SENTENCE in said
            assert not is_in(browser)


def test_keeps_the_first_owner_whom_a_program_made(app: Flask) -> None:
    with app.app_context():
        make_first_owner(FIRST)
        make_first_owner("nobody@example.com")
        db.session.remove()
    with at(clock.now() + LONG_OVER):
        with app.app_context():
            assert [(person.email, person.is_expired) for person in list_people()] == [(FIRST, False)]
            db.session.remove()
        assert is_in(try_code(app, FIRST)[0])


def test_keeps_an_owner_alone_without_an_invitation_where_no_owner_has_come(app: Flask) -> None:
    make_person(app, SUE, Role.READER, has_come=False)
    browser, said = try_code(app)
    assert SENTENCE in said
    assert not is_in(browser)


def test_closes_to_who_was_invited_before_links_were_kept(app: Flask) -> None:
    """Their links were forgotten a week after they expired."""
    make_person(app)
    make_person(app, SUE, Role.OWNER, has_come=False)
    browser, said = try_code(app)
    assert SENTENCE in said
    assert not is_in(browser)
