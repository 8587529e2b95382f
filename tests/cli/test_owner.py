"""`storefront owner` and `storefront audit`: the way in that needs no mail, and who did what."""

import getpass
from datetime import timedelta

import pytest
import time_machine
from click.testing import CliRunner
from flask import Flask

from storefront.core import clock
from storefront.core.db import db
from storefront.owner.people.passkeys import with_a_name
from storefront.owner.people.people import make_first_owner
from tests.cli.commands import done, read_json, refused
from tests.support.people import OWNER, ask_for_code, link_for, mailed, make_person
from tests.support.rows import read_rows
from tests.support.shop import Buyer
from tests.support.sign_in import waiting_mails

SUE = "sue@example.com"


def path_of(app: Flask, url: str) -> str:
    return url.removeprefix(Buyer(app).base_url)


def test_makes_the_first_owner_and_prints_the_way_in(app: Flask, command: CliRunner) -> None:
    assert done(command, "owner", "list") == "Nobody yet: storefront owner invite EMAIL\n"
    assert "makes the first owner" in refused(command, "owner", "link")
    invited = read_json(command, "owner", "invite", OWNER)
    assert (invited["email"], invited["role"]) == (OWNER, "owner")
    browser = Buyer(app)
    assert browser.post(path_of(app, invited["url"])).location == "/admin"
    assert browser.get("/admin/people").status_code == 200
    (listed,) = read_json(command, "owner", "list")
    assert listed["came_at"]


def test_prints_a_link_for_the_only_owner_or_the_one_that_is_named(app: Flask, command: CliRunner) -> None:
    make_person(app)
    link = read_json(command, "owner", "link")
    assert (link["email"], link["minutes"]) == (OWNER, 60)
    assert Buyer(app).post(path_of(app, link["url"])).location == "/admin"
    make_person(app, SUE)
    assert "several owners" in refused(command, "owner", "link")
    assert SUE in done(command, "owner", "link", SUE)
    assert "Nobody with the address eve@example.com" in refused(command, "owner", "link", "eve@example.com")


def test_changes_and_removes_and_keeps_the_last_owner(app: Flask, command: CliRunner) -> None:
    make_person(app)
    make_person(app, SUE)
    assert done(command, "owner", "role", SUE, "support") == f"{SUE} is support now.\n"
    assert "last owner" in refused(command, "owner", "remove", OWNER)
    assert "last owner" in refused(command, "owner", "role", OWNER, "reader")
    assert SUE in done(command, "owner", "remove", SUE)
    assert [row["email"] for row in read_rows(app, "SELECT email FROM people")] == [OWNER]


def test_says_who_did_it_at_the_machine(app: Flask, command: CliRunner) -> None:
    assert done(command, "audit") == "No such entries.\n"
    done(command, "owner", "invite", OWNER)
    done(command, "owner", "invite", SUE, "--role", "reader")
    (entry,) = read_json(command, "audit", "--search", "sue@")
    assert (entry["actor_kind"], entry["actor"], entry["verb"]) == ("command", getpass.getuser(), "person.invited")
    assert entry["after"] == {"role": "reader"}
    assert "(role: - -> reader)" in done(command, "audit", "--verb", "person.invited", "--limit", "1")


def test_lets_a_code_in_again_for_who_lost_every_passkey(app: Flask, command: CliRunner) -> None:
    make_person(app)
    assert done(command, "owner", "forget-passkeys", OWNER).startswith("0 passkeys removed.")
    (notice,) = read_rows(app, "SELECT recipient FROM outbox WHERE kind = 'security_notice'")
    assert notice["recipient"] == OWNER


def test_lists_who_came_who_is_invited_and_whose_invitation_expired(app: Flask, command: CliRunner) -> None:
    make_person(app)
    done(command, "owner", "invite", SUE, "--role", "reader")
    assert f"{SUE}  reader  invited  0 passkeys" in done(command, "owner", "list")
    with time_machine.travel(clock.now() + timedelta(days=8), tick=True):
        assert f"{SUE}  reader  invitation expired  0 passkeys" in done(command, "owner", "list")
        assert [row["is_expired"] for row in read_json(command, "owner", "list")] == [False, True]


def test_ends_links_and_codes_with_the_passkeys_of_who_lost_them(app: Flask, command: CliRunner) -> None:
    link = link_for(app, make_person(app))
    thief = ask_for_code(app)
    code, mailed_link = mailed(app)
    done(command, "owner", "forget-passkeys", OWNER)
    assert thief.post("/admin/sign-in/code", code=code).status_code == 400
    assert [Buyer(app).get(path).status_code for path in (link, mailed_link)] == [404, 404]
    again = ask_for_code(app)
    assert again.post("/admin/sign-in/code", code=mailed(app)[0]).location == "/admin"


def test_says_what_ended_at_signing_somebody_out(app: Flask, command: CliRunner) -> None:
    make_person(app)
    done(command, "owner", "invite", SUE, "--role", "reader")
    ended, never_came = "An open link or code has ended.", "They never came: `storefront owner invite` makes a new"
    said = [done(command, "owner", "sign-out", SUE) for _ in range(2)]
    assert [ended in words for words in said] == [True, False]
    assert all(words.startswith(f"0 browsers of {SUE} signed out.") and never_came in words for words in said)
    ask_for_code(app)
    assert done(command, "owner", "sign-out", OWNER) == f"0 browsers of {OWNER} signed out. {ended}\n"


NEW_ONE = "They never came: `storefront owner invite` makes a new invitation.\n"


def is_let_in_by_code(app: Flask) -> bool:
    browser = ask_for_code(app)
    return browser.post("/admin/sign-in/code", code=mailed(app)[0]).location == "/admin"


def make_first(app: Flask) -> None:
    with app.app_context():
        make_first_owner(OWNER)
        db.session.remove()


@pytest.mark.parametrize("act", ["forget-passkeys", "sign-out"])
def test_says_that_no_code_lets_in_who_was_invited_and_never_came(
    app: Flask, command: CliRunner, act: str
) -> None:
    done(command, "owner", "invite", OWNER)
    for _ in range(2):
        words = done(command, "owner", act, OWNER)
        assert words.endswith(NEW_ONE)
        assert "signs in with a code" not in words
        assert not is_let_in_by_code(app)


@pytest.mark.parametrize("act", ["forget-passkeys", "sign-out"])
def test_says_so_of_a_first_owner_whom_a_program_made_once_they_had_a_link(
    app: Flask, command: CliRunner, act: str
) -> None:
    make_first(app)
    for _ in range(2):
        assert NEW_ONE not in done(command, "owner", act, OWNER)
    done(command, "owner", "link")
    assert done(command, "owner", act, OWNER).endswith(NEW_ONE)
    assert not is_let_in_by_code(app)


@pytest.mark.parametrize("act", ["forget-passkeys", "sign-out"])
def test_names_no_invitation_to_a_first_owner_whom_a_program_made(
    app: Flask, command: CliRunner, act: str
) -> None:
    make_first(app)
    assert NEW_ONE not in done(command, "owner", act, OWNER)
    assert is_let_in_by_code(app)
    assert NEW_ONE not in done(command, "owner", act, OWNER)


def test_says_when_codes_end_of_who_never_came_with_a_link(app: Flask, command: CliRunner) -> None:
    make_person(app)
    make_person(app, SUE, has_come=False)
    assert "a code by email is refused" in done(command, "owner", "link", SUE)
    assert "a code by email is refused" not in done(command, "owner", "link", OWNER)


class TestAtAnIpAddress:
    @pytest.fixture
    def environment(self, environment: dict[str, str]) -> dict[str, str]:
        return environment | {"BASE_URL": "http://127.0.0.1:8000"}

    def test_prints_and_mails_links_where_a_passkey_can_be_had(self, app: Flask, command: CliRunner) -> None:
        urls = [read_json(command, "owner", "invite", OWNER)["url"], read_json(command, "owner", "link")["url"]]
        assert all(url.startswith("http://localhost:8000/admin/link/") for url in urls)
        read_json(command, "owner", "invite", OWNER)
        assert "http://localhost:8000/admin/link/" in waiting_mails(app)[-1].text


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("http://127.0.0.1:8000/admin/link/x", "http://localhost:8000/admin/link/x"),
        ("http://[::1]:8000/admin", "http://localhost:8000/admin"),
        ("http://127.0.0.1/admin", "http://localhost/admin"),
        ("https://shop.example.com/admin", "https://shop.example.com/admin"),
        ("http://192.168.1.7:8000/admin", "http://192.168.1.7:8000/admin"),
    ],
)
def test_names_this_machine_where_a_passkey_needs_a_name(url: str, named: str) -> None:
    assert with_a_name(url) == named
