"""Coming in at /admin: by a mailed code or link, and by a link that was made at the machine."""

import logging
import re
from datetime import timedelta
from html import unescape
from io import BytesIO
from typing import Any

import pytest
import time_machine
from flask import Flask
from werkzeug.test import TestResponse

from storefront.core import clock
from storefront.core.db import db
from storefront.owner.people.models import Person, PersonSession, Role
from storefront.worker import forget_hourly
from tests.support.people import (
    OWNER,
    admin_cookie,
    ask_for_code,
    is_in,
    link_for,
    mailed,
    make_person,
    sign_in_at_admin,
)
from tests.support.rows import change_rows, count_rows, read_rows
from tests.support.shop import Buyer
from tests.support.sign_in import ask_for_code as ask
from tests.support.sign_in import link_in, make_customer, waiting_mails


def copy_of(browser: Buyer) -> Buyer:
    thief = Buyer(browser.app)
    thief.client.set_cookie("storefront_admin", admin_cookie(browser), domain="localhost", path="/")
    return thief


def test_lets_in_who_types_the_mailed_code(app: Flask) -> None:
    make_person(app)
    browser = ask_for_code(app)
    code, _link = mailed(app)
    assert browser.post("/admin/sign-in/code", code=code.lower()).location == "/admin"
    assert is_in(browser)
    assert read_rows(app, "SELECT came_at FROM people")[0]["came_at"]


def test_lets_in_who_presses_the_button_behind_the_mailed_link(app: Flask) -> None:
    make_person(app)
    browser = ask_for_code(app)
    _code, link = mailed(app)
    assert "Confirm sign-in" in browser.get(link).text
    assert not is_in(browser), "what opens links in mails before people do signs nobody in"
    assert browser.post(link).location == "/admin"
    assert is_in(browser)
    stranger = Buyer(app)
    assert stranger.get(link).status_code == 404
    stranger.post(link)
    assert not is_in(stranger)


def test_refuses_a_wrong_code_and_says_so_beside_the_field(app: Flask) -> None:
    make_person(app)
    browser = ask_for_code(app)
    answer = browser.post("/admin/sign-in/code", code="AAAA-AAAA")
    assert answer.status_code == 400
    assert "the code in the latest email" in answer.text
    assert not is_in(browser)


def test_says_the_same_to_every_address_and_mails_only_who_may_come_in(app: Flask) -> None:
    make_person(app)
    known, unknown = ask_for_code(app), ask_for_code(app, "eve@example.com")
    pages = [browser.get("/admin/sign-in/code").text for browser in (known, unknown)]
    plain = [re.sub(r'nonce="[^"]*"|value="[^"]*"|content="[^"]*"', "", page) for page in pages]
    assert plain[0].replace(OWNER, "") == plain[1].replace("eve@example.com", "")
    assert [mail.recipient for mail in waiting_mails(app)] == [OWNER]


def test_keeps_what_was_typed_that_is_no_address(app: Flask) -> None:
    answer = Buyer(app).post("/admin/sign-in", email="owner at example")
    assert answer.status_code == 400
    assert 'value="owner at example"' in answer.text
    assert "look like an email address" in answer.text


def test_does_not_open_to_a_buyers_code(app: Flask) -> None:
    make_person(app)
    buyer = Buyer(app)
    buyer.post("/sign-in", email=OWNER)
    assert waiting_mails(app) == [], "an owner who bought nothing is no buyer"
    browser = ask_for_code(app)
    code, _link = mailed(app)
    assert browser.post("/sign-in/code", code=code).location != "/library"
    assert not is_in(browser)


@pytest.mark.parametrize("page", ["/confirm", "/sign-in/link"])
def test_is_no_link_of_a_buyers_page(app: Flask, page: str) -> None:
    make_person(app)
    browser = ask_for_code(app)
    _code, link = mailed(app)
    elsewhere = f"{page}/{link.rpartition('/')[2]}"
    assert browser.get(elsewhere).status_code == 404
    assert browser.post(elsewhere).location == elsewhere
    assert browser.post(link).location == "/admin", "it is not used up"


def test_leaves_a_buyers_link_as_it_was(app: Flask) -> None:
    make_person(app)
    make_customer(app)
    buyer = ask(app)
    link = link_in(waiting_mails(app)[-1])
    assert buyer.post(f"/admin{link}").status_code == 404
    assert buyer.post(link).location == "/library"
    assert not is_in(buyer)


@pytest.mark.parametrize("ways", ["code", "link"])
def test_makes_one_session_of_a_double_click(app: Flask, ways: str) -> None:
    person_id = make_person(app)
    if ways == "code":
        browser = ask_for_code(app)
        path, form = "/admin/sign-in/code", {"code": mailed(app)[0]}
        with browser.client.session_transaction(base_url=browser.base_url) as kept:
            proof = dict(kept)
    else:
        browser = Buyer(app)
        path, form, proof = link_for(app, person_id), {}, {}
        browser.get(path)
    first = browser.post(path, **form)
    token = admin_cookie(browser)
    browser.client.delete_cookie("storefront_admin", domain="localhost", path="/")  # sent before it came
    with browser.client.session_transaction(base_url=browser.base_url) as kept:
        kept.update(proof)
    second = browser.post(path, **form)
    assert first.location == second.location == "/admin"
    assert admin_cookie(browser) == token
    assert count_rows(app, PersonSession) == {"person_sessions": 1}


def test_uses_up_a_link_of_the_machine_in_one_browser(app: Flask) -> None:
    person_id = make_person(app)
    path = link_for(app, person_id)
    first, second = Buyer(app), Buyer(app)
    assert first.post(path).location == "/admin"
    assert second.get(path).status_code == 404
    assert "This link has expired" in second.get(path).text
    second.post(path)
    assert not is_in(second)
    assert is_in(first)


def test_ends_a_link_when_another_is_made_and_after_its_hour(app: Flask) -> None:
    person_id = make_person(app)
    old, new = link_for(app, person_id), link_for(app, person_id)
    browser = Buyer(app)
    assert browser.get(old).status_code == 404
    with time_machine.travel(clock.now() + timedelta(minutes=61)):
        assert browser.get(new).status_code == 404
        browser.post(new)
        assert not is_in(browser)


def test_opens_nothing_to_a_copy_of_the_cookie_after_signing_out(app: Flask) -> None:
    browser = sign_in_at_admin(app, make_person(app))
    thief = copy_of(browser)
    assert is_in(thief)
    browser.post("/admin/sign-out")
    assert not is_in(thief)
    assert count_rows(app, PersonSession) == {"person_sessions": 0}


def test_says_that_a_used_link_has_ended_after_signing_out(app: Flask) -> None:
    person_id = make_person(app)
    browser = ask_for_code(app)
    for is_mailed in (True, False):
        link = mailed(app)[1] if is_mailed else link_for(app, person_id)
        assert browser.post(link).location == "/admin"
        assert browser.post(link).location == "/admin", "a double click"
        browser.post("/admin/sign-out")
        page = browser.get(link)
        assert (page.status_code, "This link has expired" in page.text) == (404, True), "no button without a way"
        again = browser.post(link)
        assert (again.status_code, "This link has expired" in again.text) == (404, True)
        assert not is_in(browser)


def test_says_who_is_signed_in_where_the_link_of_somebody_else_has_ended(app: Flask) -> None:
    sue_id = make_person(app, "sue@example.com", Role.SUPPORT)
    made_link = link_for(app, sue_id)
    ask_for_code(app, "sue@example.com")
    _code, mailed_link = mailed(app)
    other = Buyer(app)
    owner = sign_in_at_admin(app, make_person(app))
    for link in (made_link, mailed_link):
        other.get(link)
        assert other.post(link).location == "/admin"
        assert owner.get(link).location == "/admin"
        told = unescape(owner.get("/admin").text)
        assert f"That link has expired, or was used elsewhere. You're signed in as {OWNER}." in told
        assert other.get(link).location == "/admin"
        assert "That link has expired" not in other.get("/admin").text, "they came in by it"


def test_ends_one_session_and_all_others(app: Flask) -> None:
    person_id = make_person(app)
    here, there, elsewhere = (sign_in_at_admin(app, person_id) for _ in range(3))
    ids = [row["id"] for row in read_rows(app, "SELECT id FROM person_sessions ORDER BY id")]
    here.post(f"/admin/account/sessions/{ids[1]}/end")
    assert [is_in(browser) for browser in (here, there, elsewhere)] == [True, False, True]
    here.post("/admin/account/sessions/end-others")
    assert [is_in(browser) for browser in (here, there, elsewhere)] == [True, False, False]


def test_ends_nobody_elses_session(app: Flask) -> None:
    here = sign_in_at_admin(app, make_person(app))
    other = sign_in_at_admin(app, make_person(app, "sue@example.com"))
    other_id = read_rows(app, "SELECT max(id) AS id FROM person_sessions")[0]["id"]
    here.post(f"/admin/account/sessions/{other_id}/end")
    here.post("/admin/account/sessions/end-others")
    assert is_in(other)


@pytest.mark.parametrize(("hours", "is_open"), [(11, True), (13, False)])
def test_ends_after_twelve_idle_hours(app: Flask, hours: int, is_open: bool) -> None:
    browser = sign_in_at_admin(app, make_person(app))
    with time_machine.travel(clock.now() + timedelta(hours=hours)):
        assert is_in(browser) is is_open


def test_ends_after_fourteen_days_of_use_and_is_forgotten(app: Flask) -> None:
    browser = sign_in_at_admin(app, make_person(app))
    begun = clock.now()
    for hours in range(10, 14 * 24, 10):
        with time_machine.travel(begun + timedelta(hours=hours)):
            assert is_in(browser)
    with time_machine.travel(begun + timedelta(days=14, hours=1)):
        assert not is_in(browser)
        with app.app_context():
            forget_hourly()
            db.session.remove()
    assert count_rows(app, PersonSession) == {"person_sessions": 0}


def test_leaves_at_the_next_click_who_was_removed(app: Flask) -> None:
    browser = sign_in_at_admin(app, make_person(app))
    change_rows(app, "DELETE FROM people")
    assert not is_in(browser)
    assert count_rows(app, Person, PersonSession) == {"people": 0, "person_sessions": 0}


@pytest.mark.parametrize(
    "wanted",
    [
        "//evil.example",
        "https://evil.example/admin",
        "/admin/../..//evil.example",
        "/admin\\evil",
        "/library",
        "/adminx",
    ],
)
def test_leads_nowhere_else_after_signing_in(app: Flask, wanted: str) -> None:
    browser = Buyer(app)
    browser.get("/admin/sign-in", query_string={"next": wanted})
    assert browser.post(link_for(app, make_person(app))).location == "/admin"


def test_leads_back_to_the_page_that_was_asked_for(app: Flask) -> None:
    browser = Buyer(app)
    door = browser.get("/admin/audit?q=ada&verb=").location
    browser.get(door)
    assert browser.post(link_for(app, make_person(app))).location == "/admin/audit?q=ada&verb="


def test_keeps_its_cookie_from_scripts_and_other_sites(app: Flask) -> None:
    answer = Buyer(app).post(link_for(app, make_person(app)))
    cookie = next(line for line in answer.headers.getlist("Set-Cookie") if line.startswith("storefront_admin="))
    assert {"HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))


def test_is_not_kept_out_by_a_cookie_from_before_it_went_to_every_page(app: Flask) -> None:
    person_id = make_person(app)
    browser = Buyer(app)
    for _ in range(2):
        browser.client.set_cookie("storefront_admin", "of-a-session-that-ended", domain="localhost", path="/admin")
        assert not is_in(browser)
        assert browser.post(link_for(app, person_id)).location == "/admin"
        assert is_in(browser)
        browser.post("/admin/sign-out")
        assert not browser.client.get_cookie("storefront_admin", domain="localhost", path="/admin")


class TestOverHttps:
    @pytest.fixture
    def environment(self, environment: dict[str, str]) -> dict[str, str]:
        return environment | {"BASE_URL": "https://localhost"}

    def test_has_a_cookie_that_only_this_host_can_set(self, app: Flask) -> None:
        browser = sign_in_at_admin(app, make_person(app))
        answer = browser.post("/admin/sign-out")
        assert (answer.status_code, answer.headers["Clear-Site-Data"]) == (303, '"storage"')
        cookie = next(line for line in answer.headers.getlist("Set-Cookie") if "storefront_admin=" in line)
        assert cookie.startswith("__Host-storefront_admin=;")
        attributes = set(cookie.split("; "))
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= attributes
        assert not any(attribute.startswith("Domain") for attribute in attributes)

    def test_believes_no_cookie_that_another_host_can_set(self, app: Flask) -> None:
        browser = sign_in_at_admin(app, make_person(app))
        kept = admin_cookie(browser, "__Host-storefront_admin")
        assert kept
        other = Buyer(app)
        for name in ("storefront_admin", "__Secure-storefront_admin"):
            other.client.set_cookie(name, kept, domain="localhost", path="/")
        assert (is_in(browser), is_in(other)) == (True, False)


def test_logs_who_did_not_come_in_without_code_or_address(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    make_person(app)
    browser = ask_for_code(app)
    code, link = mailed(app)
    browser.post("/admin/sign-in/code", code="AAAA-AAAA")
    browser.post("/admin/sign-in/code", code=code)
    Buyer(app).post(link)
    tried = [record.__dict__ for record in caplog.records if record.message == "code tried"]
    assert [one["result"] for one in tried] == ["wrong", "proven"]
    assert {one["purpose"] for one in tried} == {"person_sign_in"}
    refused = [record.__dict__ for record in caplog.records if record.message == "admin sign-in refused"]
    assert [(one["by"], one["why"]) for one in refused] == [("code", "wrong"), ("link", "expired")]
    written = str([record.__dict__ for record in caplog.records if record.name.startswith("storefront")])
    assert not [secret for secret in (code, link.rpartition("/")[2], OWNER) if secret in written]


def test_logs_who_asked_for_a_page_that_their_role_may_not_see(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    person_id = make_person(app, role=Role.READER)
    browser = sign_in_at_admin(app, person_id)
    assert browser.get("/admin/people").status_code == 403
    (refused,) = [record.__dict__ for record in caplog.records if record.message == "admin page refused"]
    assert (refused["person"], refused["endpoint"]) == (person_id, "admin.people")


class TestSessionThatEndedWhileSomebodyWrote:
    PAGE = "/admin/pages/refunds"
    TEXT = 'Thirty days, no "why".\r\n\r\n<b>Really</b> & ' + "truly. " * 12

    @pytest.fixture
    def owner(self, app: Flask) -> Buyer:
        owner = sign_in_at_admin(app, make_person(app))
        owner.post("/admin/pages", slug="refunds", title="Refunds")
        change_rows(app, "DELETE FROM person_sessions")
        return owner

    def send(self, owner: Buyer, *, mode: str = "navigate", dest: str = "document", **more: Any) -> TestResponse:
        form = {"csrf_token": owner.csrf_token(), "body_markdown": self.TEXT, "choice": ["a", "b"], **more}
        headers = {"Sec-Fetch-Mode": mode, "Sec-Fetch-Dest": dest}
        return owner.client.post(f"{self.PAGE}?from=list", data=form, base_url=owner.base_url, headers=headers)

    def test_shows_what_was_sent_in_a_form_that_sends_it_again(self, app: Flask, owner: Buyer) -> None:
        answer = self.send(owner)
        assert (answer.status_code, answer.headers["Cache-Control"]) == (403, "no-store")
        assert f'action="{self.PAGE}?from=list"' in answer.text
        fields = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', answer.text)
        assert [(name, unescape(value)) for name, value in fields if name != "csrf_token"] == [
            ("body_markdown", self.TEXT),
            ("choice", "a"),
            ("choice", "b"),
        ]
        assert read_rows(app, "SELECT body_markdown FROM pages WHERE slug = 'refunds'") == [{"body_markdown": ""}]

    @pytest.mark.parametrize(
        "how",
        [{"mode": "cors"}, {"dest": "iframe"}, {"file": (BytesIO(b"x"), "x.png")}],
        ids=["script", "frame", "file"],
    )
    def test_sends_scripts_frames_and_files_to_the_sign_in(self, owner: Buyer, how: dict[str, Any]) -> None:
        answer = self.send(owner, **how)
        assert (answer.status_code, answer.location) == (303, "/admin/sign-in")

    def test_holds_nothing_for_a_form_without_its_token(self, owner: Buyer) -> None:
        answer = self.send(owner, csrf_token="")
        assert answer.status_code == 400
        assert "Thirty days" not in answer.text
