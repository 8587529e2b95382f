"""Passkeys: added, used to come in and to confirm, removed; and everything that is not one is refused."""

import re
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
import time_machine
from flask import Flask
from werkzeug.test import TestResponse

from storefront.app import create_app
from storefront.core import clock
from storefront.core.config.settings import load_settings
from storefront.owner.people.models import Passkey
from tests.support.authenticator import PRESENT, Authenticator, to_bytes
from tests.support.databases import BOTH
from tests.support.passkeys import ADD, CONFIRM, SIGN_IN, add, owner_with_passkey, send, sign_in, start
from tests.support.people import OWNER, link_for, mailed, make_person, sign_in_at_admin
from tests.support.rows import change_rows, count_rows, read_rows
from tests.support.shop import Buyer
from tests.support.sign_in import code_in, waiting_mails

SUE = "sue@example.com"


def sentence_of(answer: TestResponse) -> str:
    assert answer.status_code == 400, answer.text
    assert answer.get_json()["error"]["code"] == "passkey_refused"
    return str(answer.get_json()["error"]["message"])


def test_lets_in_with_a_passkey_that_was_added(app: Flask) -> None:
    browser, device = owner_with_passkey(app)
    assert "Laptop" in browser.get("/admin/account").text
    stranger = Buyer(app)
    stranger.get("/admin/sign-in?next=/admin/audit")
    assert sign_in(stranger, device).get_json() == {"next": "/admin/audit"}
    assert stranger.get("/admin").status_code == 200
    other = Buyer(app)
    other.get("/admin/sign-in?next=/admin/audit")
    other.get("/admin/sign-in?next=/admin/people")
    answer = send(other, f"{SIGN_IN}?next=/admin/audit", device.get(start(other, SIGN_IN)))
    assert answer.get_json() == {"next": "/admin/audit"}, "of the tab, not of the newest one"
    (row,) = read_rows(app, "SELECT sign_count, transports, rp_id FROM passkeys")
    assert (row["sign_count"], row["rp_id"]) == (2, "localhost")
    assert "no-such-way" not in str(row["transports"])


def handle_of(app: Flask, person_id: int) -> str:
    """What a device keeps a passkey by, beside the host."""
    handle: str = start(sign_in_at_admin(app, person_id), ADD)["user"]["id"]
    assert len(to_bytes(handle)) == 32
    return handle


def test_takes_the_place_of_no_other_shops_passkey_on_one_device(app: Flask, environment: dict[str, str]) -> None:
    """Both shops are at one host, and its first owner is the first person of each."""
    person_id = make_person(app)
    first = handle_of(app, person_id)
    restored = create_app(load_settings(environment | {"SECRET_KEY": "another-secret-key-of-it"}))
    assert handle_of(restored, person_id) == first, "a person's second passkey stands beside the first one"
    assert handle_of(app, make_person(app, SUE)) != first
    change_rows(app, "UPDATE shop_identity SET shop_id = 'shop_of-somebody-else'")
    other = create_app(load_settings(environment))
    assert handle_of(other, person_id) != first


def test_asks_for_the_passkey_of_who_has_one_whatever_was_mailed(app: Flask) -> None:
    owner_with_passkey(app)
    browser = Buyer(app)
    browser.post("/admin/sign-in", email=OWNER)
    mail = next(mail for mail in reversed(waiting_mails(app)) if "is your code" in mail.subject)
    answer = browser.post("/admin/sign-in/code", code=code_in(mail))
    assert answer.status_code == 400
    assert "a code alone doesn&#39;t open the admin" in answer.text
    assert browser.get("/admin").status_code == 303
    browser.post("/admin/sign-in", email=OWNER)
    mail = next(mail for mail in reversed(waiting_mails(app)) if "is your code" in mail.subject)
    link = mail.text[mail.text.index("/admin/sign-in/link/") :].split()[0]
    assert browser.post(link).location == "/admin/sign-in"
    assert browser.get("/admin").status_code == 303


def test_leads_from_a_mailed_link_to_the_passkey_and_on_to_the_page_that_was_asked_for(app: Flask) -> None:
    _owner, device = owner_with_passkey(app)
    browser = Buyer(app)
    browser.get("/admin/sign-in?next=/admin/audit")
    browser.post("/admin/sign-in", email=OWNER, next="/admin/audit")
    _code, link = mailed(app)
    answer = browser.post(link)
    assert answer.location == "/admin/sign-in?next=/admin/audit"
    browser.get(answer.location)
    assert sign_in(browser, device).get_json() == {"next": "/admin/audit"}


def test_ends_links_that_nobody_used_when_a_passkey_is_added(app: Flask) -> None:
    person_id = make_person(app)
    browser, link = sign_in_at_admin(app, person_id), link_for(app, person_id)
    add(browser, Authenticator())
    thief = Buyer(app)
    assert thief.get(link).status_code == thief.post(link).status_code == 404
    assert thief.get("/admin").status_code == 303
    assert browser.get("/admin").status_code == 200


def test_opens_to_a_link_of_the_machine_when_the_passkey_is_lost(app: Flask) -> None:
    owner_with_passkey(app)
    browser = Buyer(app)
    person_id = read_rows(app, "SELECT id FROM people")[0]["id"]
    assert browser.post(link_for(app, person_id)).location == "/admin"
    passkey_id = read_rows(app, "SELECT id FROM passkeys")[0]["id"]
    assert browser.post(f"{ADD}/{passkey_id}/remove").location == "/admin/account"
    assert count_rows(app, Passkey) == {"passkeys": 0}


def test_confirms_with_the_passkey_and_not_with_a_code(app: Flask) -> None:
    browser, device = owner_with_passkey(app)
    with time_machine.travel(clock.now() + timedelta(minutes=11)):
        assert browser.post("/admin/people", email=SUE, role="reader").location.startswith("/admin/confirm")
        browser.post("/admin/confirm/mail", next="/admin")
        assert not [mail for mail in waiting_mails(app) if "is your code" in mail.subject]
        answer = send(browser, f"{CONFIRM}?next=/admin/people", device.get(start(browser, CONFIRM)))
        assert answer.get_json() == {"next": "/admin/people"}
        assert browser.post("/admin/people", email=SUE, role="reader").location == "/admin/people"


def test_asks_for_a_fresh_proof_before_a_passkey_is_added_or_removed(app: Flask) -> None:
    browser, device = owner_with_passkey(app)
    passkey_id = read_rows(app, "SELECT id FROM passkeys")[0]["id"]
    with time_machine.travel(clock.now() + timedelta(minutes=11)):
        assert send(browser, f"{ADD}/start").location.startswith("/admin/confirm")
        assert send(browser, ADD, {"answer": {}}).location.startswith("/admin/confirm")
        assert browser.post(f"{ADD}/{passkey_id}/remove").location.startswith("/admin/confirm")
    assert count_rows(app, Passkey) == {"passkeys": 1}
    assert device.count == 0


def test_refuses_an_answer_for_another_site_or_without_its_user(app: Flask) -> None:
    owner_with_passkey(app)
    browser = sign_in_at_admin(app, make_person(app, SUE))
    elsewhere, another, unverified = (
        Authenticator(origin="http://evil.example"),
        Authenticator(rp_id="x"),
        Authenticator(),
    )
    unverified.flags = PRESENT
    for device in (elsewhere, another, unverified):
        assert sentence_of(add(browser, device)) == "Your browser's answer could not be checked. Try once more."
    device = Authenticator()
    add(browser, device)
    for field, value in (("origin", "https://localhost"), ("rp_id", "evil.example"), ("flags", PRESENT)):
        right = getattr(device, field)
        setattr(device, field, value)
        assert "could not be checked" in sentence_of(sign_in(Buyer(app), device))
        setattr(device, field, right)
    assert sign_in(Buyer(app), device).status_code == 200


def test_takes_each_challenge_once_and_for_five_minutes(app: Flask) -> None:
    _browser, device = owner_with_passkey(app)
    stranger = Buyer(app)
    answer = device.get(start(stranger, SIGN_IN))
    assert send(stranger, SIGN_IN, answer).status_code == 200
    assert "took too long" in sentence_of(send(Buyer(app), SIGN_IN, answer))
    late = device.get(start(stranger, SIGN_IN))
    with time_machine.travel(clock.now() + timedelta(minutes=6)):
        assert "took too long" in sentence_of(send(stranger, SIGN_IN, late))
    invented = device.get({"challenge": "AAAA"})
    assert "took too long" in sentence_of(send(stranger, SIGN_IN, invented))


def test_takes_no_challenge_that_somebody_else_was_given(app: Flask) -> None:
    browser, device = owner_with_passkey(app)
    sue = sign_in_at_admin(app, make_person(app, SUE))
    options = start(browser, ADD)
    assert "took too long" in sentence_of(send(sue, ADD, {"answer": Authenticator().create(options)}))
    assert "took too long" in sentence_of(send(Buyer(app), SIGN_IN, device.get(start(browser, CONFIRM))))
    answer = device.get(start(sue, CONFIRM))
    assert "not known here" in sentence_of(send(sue, CONFIRM, answer)), (
        "the owner's passkey does not confirm for Sue"
    )


def test_refuses_a_passkey_that_was_removed_and_one_that_is_known(app: Flask) -> None:
    browser, device = owner_with_passkey(app)
    assert sentence_of(add(browser, device)) == "This passkey is on the list already."
    change_rows(app, "DELETE FROM passkeys")
    assert "not known here" in sentence_of(sign_in(Buyer(app), device))


def test_refuses_a_copy_whose_counter_goes_back(app: Flask) -> None:
    browser, device = owner_with_passkey(app)
    assert sign_in(Buyer(app), device).status_code == 200
    device.count = 0
    copy = Buyer(app)
    answer = device.get(start(copy, SIGN_IN))
    words = (
        "This passkey counted fewer uses than this shop has seen, so somebody may have a copy of it. Use another"
    )
    assert sentence_of(send(copy, SIGN_IN, answer)).startswith(words)
    assert "took too long" in sentence_of(send(copy, SIGN_IN, answer)), "its challenge is used up"
    assert copy.get("/admin").status_code == 303
    device.count = 0
    assert "somebody may have a copy" in sentence_of(send(browser, CONFIRM, device.get(start(browser, CONFIRM))))
    device.count = 5
    assert sign_in(Buyer(app), device).status_code == 200


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_tells_its_owner_of_a_copy_at_most_once_an_hour(app: Flask) -> None:
    _browser, device = owner_with_passkey(app)
    sign_in(Buyer(app), device)
    for hours in (0, 0, 2):
        with time_machine.travel(clock.now() + timedelta(hours=hours), tick=True):
            device.count = 0
            assert "somebody may have a copy" in sentence_of(sign_in(Buyer(app), device))
    told = [mail for mail in waiting_mails(app) if mail.subject.startswith("Passkey refused")]
    assert [mail.recipient for mail in told] == [OWNER, OWNER]
    assert "The passkey Laptop counted fewer uses than the shop has seen" in told[0].text
    assert "with another passkey, or by `storefront owner link` on the shop's machine." in told[0].text
    assert "Remove this passkey and add it again, and end the sessions you don't know:\nhttp" in told[0].text
    assert "If that was you" not in told[0].text + told[0].html
    assert "127.0.0.1" in told[0].text
    entries = read_rows(app, "SELECT actor_kind FROM audit_entries WHERE verb = 'passkey.maybe_copied'")
    assert [entry["actor_kind"] for entry in entries] == ["shop", "shop"]


def test_tells_of_each_passkey_that_may_have_a_copy(app: Flask) -> None:
    browser, device = owner_with_passkey(app)
    other = Authenticator()
    add(browser, other)
    for each in (device, other):
        sign_in(Buyer(app), each)
        for _ in range(2):
            each.count = 0
            assert "somebody may have a copy" in sentence_of(sign_in(Buyer(app), each))
    told = [mail for mail in waiting_mails(app) if mail.subject.startswith("Passkey refused")]
    assert len(told) == 2


def test_tells_nobody_of_a_copy_for_an_answer_that_is_not_signed(app: Flask) -> None:
    _browser, device = owner_with_passkey(app)
    sign_in(Buyer(app), device)
    stranger = Authenticator()
    stranger.credential_id = device.credential_id
    assert "could not be checked" in sentence_of(sign_in(Buyer(app), stranger))
    assert not [mail for mail in waiting_mails(app) if mail.subject.startswith("Passkey refused")]


def test_takes_a_device_that_counts_nothing(app: Flask) -> None:
    _browser, device = owner_with_passkey(app)
    for _ in range(2):
        device.count = -1
        assert sign_in(Buyer(app), device).status_code == 200


def answer_with(client_data: str) -> dict[str, object]:
    return {"rawId": "AAAA", "response": {"clientDataJSON": client_data}}


GARBAGE: tuple[object, ...] = (
    [], [1], "text", 7, {"rawId": 5}, {"rawId": "AAAA"}, {"rawId": "AAAA", "response": []},
    answer_with("%%%"), answer_with("AAAA"), answer_with("W10"), answer_with("eyJjaGFsbGVuZ2UiOjV9"),
)  # fmt: skip


@pytest.mark.parametrize("garbage", GARBAGE, ids=str)
def test_refuses_garbage_in_a_sentence(app: Flask, garbage: object) -> None:
    browser = sign_in_at_admin(app, make_person(app))
    for path, value in ((SIGN_IN, garbage), (CONFIRM, garbage), (ADD, garbage), (ADD, {"answer": garbage})):
        assert sentence_of(send(browser, path, value)).startswith(("Your browser's answer", "That took"))


def test_takes_odd_ways_and_names_for_none(app: Flask) -> None:
    browser = sign_in_at_admin(app, make_person(app))
    odd: tuple[object, ...] = ([[]], [{}, 5, "usb"], "usb", None)
    for ways in odd:
        answer = (device := Authenticator()).create(start(browser, ADD))
        answer["response"]["transports"] = ways
        assert send(browser, ADD, {"answer": answer, "name": None}).status_code == 200
        assert sign_in(Buyer(app), device).status_code == 200
    assert {row["name"] for row in read_rows(app, "SELECT name FROM passkeys")} == {"Passkey"}


def test_refuses_a_body_that_is_no_json(app: Flask) -> None:
    browser = sign_in_at_admin(app, make_person(app))
    headers = {
        "X-CSRFToken": browser.csrf_token(),
        "Accept": "application/json",
        "Referer": browser.base_url + "/",
    }
    deep = b"[" * 60_000
    for body, kind in (
        (b"{", "application/json"),
        (b"null", "application/json"),
        (b"a=1", "text/plain"),
        (deep, "application/json"),
    ):
        answer = browser.client.post(
            SIGN_IN, data=body, content_type=kind, headers=headers, base_url=browser.base_url
        )
        assert answer.status_code in (400, 415)


def test_tells_its_owner_of_every_passkey_and_sign_in(app: Flask) -> None:
    browser, device = owner_with_passkey(app)
    sign_in(Buyer(app), device)
    passkey_id = read_rows(app, "SELECT id FROM passkeys")[0]["id"]
    browser.post(f"{ADD}/{passkey_id}/remove")
    mails = waiting_mails(app)
    assert {mail.recipient for mail in mails} == {OWNER}
    assert [mail.subject.split(":")[0] for mail in mails] == [
        "Sign-in link made", "New sign-in", "Passkey added", "New sign-in", "Passkey removed"
    ]  # fmt: skip
    assert "with a passkey" in mails[3].text
    assert "The passkey Laptop" in mails[2].text
    assert "127.0.0.1" in mails[3].text


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_names_a_passkey_that_has_no_name_and_cuts_a_long_one(app: Flask) -> None:
    browser = sign_in_at_admin(app, make_person(app))
    add(browser, Authenticator(), "  ")
    add(browser, Authenticator(), "x" * 500)
    assert [row["name"] for row in read_rows(app, "SELECT name FROM passkeys ORDER BY id")] == [
        "Passkey",
        "x" * 60,
    ]


def at_port(app: Flask, origin: str) -> tuple[Buyer, Authenticator]:
    """Return an owner's browser there, signed in, and the device beside it."""
    browser = Buyer(app)
    browser.base_url = origin
    assert browser.post(link_for(app, make_person(app))).location == "/admin"
    return browser, Authenticator(origin=origin, rp_id=urlsplit(origin).hostname or "")


def test_takes_a_passkey_through_a_tunnel_that_begins_at_another_port(app: Flask) -> None:
    browser, device = at_port(app, "http://localhost:9999")
    assert add(browser, device).status_code == 200
    assert send(browser, CONFIRM, device.get(start(browser, CONFIRM))).status_code == 200
    assert sign_in(browser, device).status_code == 200
    device.origin = "http://localhost"
    assert sign_in(browser, device).status_code == 200, "as BASE_URL says"
    device.origin = "http://localhost:7777"
    assert "could not be checked" in sentence_of(sign_in(browser, device))


def test_takes_no_passkey_for_another_port_of_a_public_name(environment: dict[str, str]) -> None:
    """Which may be somebody else's site on that machine."""
    app = create_app(load_settings(environment | {"BASE_URL": "https://shop.example"}))
    browser, device = at_port(app, "https://shop.example:8443")
    assert "could not be checked" in sentence_of(add(browser, device))
    device.origin = "https://shop.example"
    assert add(browser, device).status_code == 200


def test_gives_each_button_that_ends_a_session_a_name_of_its_own(app: Flask) -> None:
    person_id, now = make_person(app), clock.now()
    for minutes in (0, 1):
        with time_machine.travel(now + timedelta(minutes=minutes), tick=True):
            sign_in_at_admin(app, person_id)
    page = sign_in_at_admin(app, person_id).get("/admin/account").text
    names = re.findall(r"End<span[^>]*>(.*?)</span>", page)
    assert len(names) == len(set(names)) == 2
    assert all(re.search(r"the session of .+ from 127.0.0.1, since .+, last seen .+", name) for name in names)


class TestAtAnIpAddress:
    @pytest.fixture
    def environment(self, environment: dict[str, str]) -> dict[str, str]:
        return environment | {"BASE_URL": "http://127.0.0.1:8000"}

    def test_says_where_passkeys_work(self, app: Flask) -> None:
        browser = Buyer(app)
        page = browser.get("/admin/sign-in").text
        assert "Sign in with a passkey" not in page
        assert 'href="http://localhost:8000/admin"' in page
