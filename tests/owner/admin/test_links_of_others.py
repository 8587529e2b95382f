"""The link of one person, opened where another one is signed in: who comes in, who goes, and what they leave."""

import pytest
from flask import Flask

from storefront.owner.people.models import Role
from tests.support.people import (
    OWNER,
    ask_for_code,
    give_passkey,
    is_in,
    link_for,
    mailed,
    make_person,
    sign_in_at_admin,
)
from tests.support.rows import read_rows
from tests.support.shop import Buyer

SUE = "sue@example.com"
WAYS = ["invitation", "mailed link"]


def link_of_sue(app: Flask, sue_id: int, way: str) -> str:
    if way == "invitation":
        return link_for(app, sue_id)
    ask_for_code(app, SUE)
    return mailed(app)[1]


def who_is_in(app: Flask) -> list[int]:
    return [row["person_id"] for row in read_rows(app, "SELECT person_id FROM person_sessions")]


@pytest.mark.parametrize("way", WAYS)
def test_names_who_is_signed_in_and_lets_the_other_one_in(app: Flask, way: str) -> None:
    browser = sign_in_at_admin(app, make_person(app))
    sue_id = make_person(app, SUE, Role.SUPPORT)
    link = link_of_sue(app, sue_id, way)
    page = browser.get(link)
    assert page.status_code == 200
    assert f"as <strong>{SUE}</strong>" in page.text
    assert f"signed in as <strong>{OWNER}</strong>, who is signed out by it" in page.text
    assert OWNER in browser.get("/admin").text, "nothing is done before the button"
    answer = browser.post(link)
    assert answer.headers["Clear-Site-Data"] == '"storage"', "drafts are of who is signed out"
    assert SUE in browser.get("/admin").text
    assert who_is_in(app) == [sue_id]
    assert browser.get(link).location == "/admin", "their own leads on"
    assert "Clear-Site-Data" not in browser.post(link).headers, "a double click loses nothing"


@pytest.mark.parametrize("way", WAYS)
def test_signs_nobody_out_for_a_link_that_was_used_before(app: Flask, way: str) -> None:
    owner_id, sue_id = make_person(app), make_person(app, SUE, Role.SUPPORT)
    browser = Buyer(app)
    link, own = link_of_sue(app, sue_id, way), link_for(app, owner_id)
    for each in (link, own):
        browser.get(link)
        assert browser.post(each).location == "/admin"
    page = browser.get(link)
    assert page.status_code == 404
    assert "This link has expired" in page.text
    assert f"signed in as <strong>{OWNER}</strong>" in page.text
    assert "signed out by it" not in page.text
    assert '<form method="post" action="/admin/sign-out">' in page.text, "the page of the way in leads back here"
    again = browser.post(link)
    assert (again.status_code, "This link has expired" in again.text) == (404, True)
    assert who_is_in(app) == [owner_id]


def test_signs_out_who_was_there_where_the_other_one_needs_a_passkey(app: Flask) -> None:
    browser = sign_in_at_admin(app, make_person(app))
    sue_id = make_person(app, SUE, Role.SUPPORT)
    give_passkey(app, sue_id)
    link = link_of_sue(app, sue_id, "mailed link")
    assert "who is signed out by it" in browser.get(link).text
    answer = browser.post(link)
    assert (answer.location, answer.headers["Clear-Site-Data"]) == ("/admin/sign-in", '"storage"')
    assert not is_in(browser)
    assert who_is_in(app) == []
    door = browser.get("/admin/sign-in")
    assert (door.status_code, "Your passkeys are for" in door.text) == (200, True)


def test_leaves_signed_in_who_came_with_their_passkey_meanwhile(app: Flask) -> None:
    sue_id = make_person(app, SUE, Role.SUPPORT)
    link = link_of_sue(app, sue_id, "mailed link")
    browser = sign_in_at_admin(app, sue_id)
    give_passkey(app, sue_id)
    answer = browser.post(link)
    assert (answer.location, "Clear-Site-Data" in answer.headers) == ("/admin/sign-in", False)
    assert is_in(browser)


def test_leaves_no_drafts_to_who_types_their_code(app: Flask) -> None:
    make_person(app, SUE, Role.SUPPORT)
    browser = sign_in_at_admin(app, make_person(app))
    browser.post("/admin/sign-in", email=SUE)  # from a page that was open before
    code, _link = mailed(app)
    answer = browser.post("/admin/sign-in/code", code=code)
    assert (answer.location, answer.headers["Clear-Site-Data"]) == ("/admin", '"storage"')
    assert SUE in browser.get("/admin").text


def test_has_no_button_for_the_mailed_link_of_who_was_removed(app: Flask) -> None:
    browser = sign_in_at_admin(app, make_person(app))
    sue_id = make_person(app, SUE, Role.SUPPORT)
    link = link_of_sue(app, sue_id, "mailed link")
    assert browser.post(f"/admin/people/{sue_id}/remove").status_code in (302, 303)
    assert browser.get(link).location == "/admin"
    assert Buyer(app).get(link).status_code == 404
