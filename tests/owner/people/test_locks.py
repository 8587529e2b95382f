"""Who lets in, signs out or removes somebody locks the person first, so nobody meets a deadlock."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from storefront.core.db import db
from storefront.owner.people import passkeys
from storefront.owner.people.links import make_link
from storefront.owner.people.models import Person, PersonSession, Role
from storefront.owner.people.people import invite, remove, sign_out
from tests.races.waiting import held
from tests.support.authenticator import Authenticator
from tests.support.passkeys import ADD, CONFIRM, SIGN_IN, add, send, start
from tests.support.people import ask_for_code, is_in, link_for, mailed, make_person, sign_in_at_admin
from tests.support.rows import change_rows, count_rows
from tests.support.shop import Buyer

SUE = "sue@example.com"
THEIRS = ("person_links", "address_proofs", "passkey_challenges", "passkeys", "person_sessions")
Act = Callable[[], Any]
Way = Callable[[Flask, int], tuple[Act, Buyer]]
pytestmark = [pytest.mark.postgresql, pytest.mark.parametrize("engine", ["postgresql"], indirect=True)]


def by_code(app: Flask, _sue_id: int) -> tuple[Act, Buyer]:
    browser = ask_for_code(app, SUE)
    code, _link = mailed(app)
    return lambda: browser.post("/admin/sign-in/code", code=code), browser


def by_mailed_link(app: Flask, _sue_id: int) -> tuple[Act, Buyer]:
    browser = ask_for_code(app, SUE)
    _code, link = mailed(app)
    return lambda: browser.post(link), browser


def by_link(app: Flask, sue_id: int) -> tuple[Act, Buyer]:
    browser, path = Buyer(app), link_for(app, sue_id)
    browser.get(path)
    return lambda: browser.post(path), browser


def with_passkey(app: Flask, sue_id: int) -> tuple[Buyer, Authenticator]:
    browser, device = sign_in_at_admin(app, sue_id), Authenticator()
    add(browser, device)
    return browser, device


def by_passkey(app: Flask, sue_id: int) -> tuple[Act, Buyer]:
    _owner, device = with_passkey(app, sue_id)
    browser = Buyer(app)
    answer = device.get(start(browser, SIGN_IN))
    return lambda: send(browser, SIGN_IN, answer), browser


def confirming(app: Flask, sue_id: int) -> tuple[Act, Buyer]:
    browser, device = with_passkey(app, sue_id)
    answer = device.get(start(browser, CONFIRM))
    return lambda: send(browser, CONFIRM, answer), browser


def adding(app: Flask, sue_id: int) -> tuple[Act, Buyer]:
    browser = sign_in_at_admin(app, sue_id)
    answer = Authenticator().create(start(browser, ADD))
    return lambda: send(browser, ADD, {"answer": answer, "name": "Laptop"}), browser


def asking_to_add(app: Flask, sue_id: int) -> tuple[Act, Buyer]:
    browser = sign_in_at_admin(app, sue_id)
    start(browser, ADD)
    change_rows(app, "UPDATE passkey_challenges SET expires_at = :past", past="2020-01-01T00:00:00+00:00")
    return lambda: send(browser, f"{ADD}/start"), browser


def ending_others(app: Flask, sue_id: int) -> tuple[Act, Buyer]:
    browser = sign_in_at_admin(app, sue_id)
    link_for(app, sue_id)
    by_code(app, sue_id)
    return lambda: browser.post("/admin/account/sessions/end-others"), browser


COMING_IN: list[Way] = [by_code, by_mailed_link, by_link, by_passkey]
AT_WORK: list[Way] = [confirming, adding, asking_to_add, ending_others]
ENDING = [remove, sign_out, passkeys.remove_all, make_link]


def lock_sue(session: Session) -> None:
    session.execute(select(Person.id).where(Person.email_key == SUE).with_for_update())


def demand_all_of_theirs(session: Session) -> None:
    """Fails at once where somebody who waits for the person holds a row of theirs."""
    for table in THEIRS:
        session.execute(text(f"SELECT * FROM {table} FOR UPDATE NOWAIT"))


@pytest.mark.parametrize("way", COMING_IN + AT_WORK)
def test_locks_the_person_first_who_comes_in_or_proves_it(app: Flask, way: Way) -> None:
    act, browser = way(app, make_person(app, SUE))
    with held(app, lock_sue, act) as [answer]:
        demand_all_of_theirs(db.session())
    assert answer.result().status_code in {200, 303}
    assert is_in(browser)


@pytest.mark.parametrize("way", COMING_IN)
def test_lets_nobody_in_who_is_removed_at_that_moment(app: Flask, way: Way) -> None:
    act, browser = way(app, make_person(app, SUE))
    with held(app, lock_sue, act) as [answer]:
        db.session.execute(text(f"DELETE FROM people WHERE email_key = '{SUE}'"))
    assert answer.result().status_code in {400, 404}
    assert not is_in(browser)
    assert count_rows(app, PersonSession) == {"person_sessions": 0}


@pytest.mark.parametrize("end", ENDING)
def test_locks_the_person_first_who_ends_what_is_theirs(app: Flask, end: Callable[[int], object]) -> None:
    make_person(app)
    sue_id = make_person(app, SUE)
    link = link_for(app, sue_id)
    by_code(app, sue_id)
    with_passkey(app, sue_id)
    with held(app, lock_sue, lambda: end(sue_id)) as [ended]:
        demand_all_of_theirs(db.session())
    ended.result()
    assert Buyer(app).get(link).status_code == 404


def test_locks_the_person_first_who_invites_them_again(app: Flask) -> None:
    make_person(app)
    sue_id = make_person(app, SUE, has_come=False)
    link = link_for(app, sue_id)
    with held(app, lock_sue, lambda: invite(SUE, Role.OWNER)) as [invited]:
        demand_all_of_theirs(db.session())
    assert invited.result().person_id == sue_id
    assert Buyer(app).get(link).status_code == 404
