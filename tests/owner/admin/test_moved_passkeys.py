"""The shop got another address, and the passkeys of its people were made at the one before."""

from datetime import timedelta

import pytest
import time_machine
from flask import Flask

from storefront.app import create_app
from storefront.core import clock
from storefront.core.config.settings import load_settings
from storefront.mail.letter import Mail
from storefront.owner.people.models import Role
from storefront.owner.people.moved_passkeys import works_here
from tests.support.letters import plain
from tests.support.people import OLD_HOST as OLD
from tests.support.people import OWNER, give_passkey, link_for, make_person, sign_in_at_admin
from tests.support.shop import Buyer
from tests.support.sign_in import code_in, link_in, waiting_mails

WORDS = f"Your passkeys are for {OLD}, as this shop was called before, and work nowhere else."
FOR_OWNERS = "Run `storefront owner link` on the shop's machine, open it in this browser"
FOR_HELPERS = "Ask an owner for a new link"


def knock(app: Flask) -> tuple[Buyer, Mail]:
    """Return a browser that asked for a code, and what the mail says."""
    browser = Buyer(app)
    browser.post("/admin/sign-in", email=OWNER)
    mail = next(mail for mail in reversed(waiting_mails(app)) if "is your code" in mail.subject)
    return browser, mail


def test_tells_its_owner_where_the_passkeys_work_and_how_to_come_in(app: Flask) -> None:
    """The mailbox alone opens nothing as before."""
    give_passkey(app, make_person(app))
    browser, mail = knock(app)
    answer = browser.post("/admin/sign-in/code", code=code_in(mail))
    assert answer.status_code == 400
    assert f"{WORDS} {FOR_OWNERS}" in plain(answer.text)
    assert browser.get("/admin").status_code == 303


def test_tells_the_same_to_who_uses_the_mailed_link(app: Flask) -> None:
    give_passkey(app, make_person(app))
    browser, mail = knock(app)
    path = f"/admin{link_in(mail)}"
    assert browser.post(path).location == "/admin/sign-in"
    assert WORDS in plain(browser.get("/admin/sign-in").text)


def test_sends_a_helper_to_an_owner(app: Flask) -> None:
    give_passkey(app, make_person(app, role=Role.SUPPORT))
    browser, mail = knock(app)
    said = plain(browser.post("/admin/sign-in/code", code=code_in(mail)).text)
    assert f"{WORDS} {FOR_HELPERS}" in said


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_asks_for_a_passkey_that_works_as_ever(app: Flask, host: str) -> None:
    person_id = make_person(app)
    give_passkey(app, person_id)
    give_passkey(app, person_id, host)
    browser, mail = knock(app)
    said = plain(browser.post("/admin/sign-in/code", code=code_in(mail)).text)
    assert "Sign in with the passkey." in said
    assert OLD not in said


def test_lets_a_new_link_prove_who_is_signed_in(app: Flask) -> None:
    person_id = make_person(app)
    give_passkey(app, person_id)
    browser = sign_in_at_admin(app, person_id)
    assert WORDS in plain(browser.get("/admin/account").text)
    with time_machine.travel(clock.now() + timedelta(minutes=11), tick=True):
        page = browser.get("/admin/confirm?next=/admin/account").text
        assert WORDS in plain(page)
        assert "Use your passkey" not in page
        assert "Email me a code" not in page
        path = link_for(app, person_id)
        assert browser.get(path).status_code == 200
        assert browser.post(path).status_code == 303
        assert browser.get("/admin/confirm?next=/admin/account").location == "/admin/account"
        assert browser.get(path).location == "/admin", "a fresh session needs no link"


def test_leads_on_who_is_signed_in_and_opens_a_link_that_nobody_made(app: Flask) -> None:
    browser = sign_in_at_admin(app, make_person(app))
    with time_machine.travel(clock.now() + timedelta(minutes=11), tick=True):
        assert browser.get("/admin/link/unknown").location == "/admin"


def test_counts_no_passkey_that_works_nowhere_as_ready(app: Flask) -> None:
    person_id = make_person(app)
    give_passkey(app, person_id)
    browser = sign_in_at_admin(app, person_id)
    assert "The passkeys of owners are for the address that the shop had before" in plain(
        browser.get("/admin/ready").text
    )
    give_passkey(app, person_id, "localhost")
    assert "An owner signs in with a passkey" in plain(browser.get("/admin/ready").text)


def behind(app: Flask, base_url: str) -> Buyer:
    browser = Buyer(app)
    browser.base_url = base_url
    return browser


def try_code(browser: Buyer) -> str:
    browser.post("/admin/sign-in", email=OWNER)
    mail = next(mail for mail in reversed(waiting_mails(browser.app)) if "is your code" in mail.subject)
    return plain(browser.post("/admin/sign-in/code", code=code_in(mail)).text)


class TestAtAnotherName:
    WORDS = "Your passkeys work under another name of this shop. Open {there} and sign in there. Lost them? "

    @pytest.mark.parametrize(
        ("base_url", "at", "name", "there"),
        [
            ("http://localhost:8000", "http://127.0.0.1:8000", "localhost", "http://localhost:8000/admin"),
            ("http://127.0.0.1:8000", "http://127.0.0.1:8000", "localhost", "http://localhost:8000/admin"),
            ("http://localhost:8000", "http://127.0.0.1:9999", "localhost", "http://localhost:9999/admin"),
            ("http://127.0.0.1:8000", "http://127.0.0.1:9999", "localhost", "http://localhost:9999/admin"),
            ("http://localhost", "http://localhost", "admin.localhost", "http://admin.localhost/admin"),
            ("https://shop.example", "https://www.shop.example", "shop.example", "https://shop.example/admin"),
            ("https://shop.example", "http://www.shop.example", "shop.example", "https://shop.example/admin"),
            ("https://shop.example", "https://shop.example", "www.shop.example", "https://www.shop.example/admin"),
        ],
    )
    def test_leads_to_the_name_where_the_passkeys_work(
        self, environment: dict[str, str], base_url: str, at: str, name: str, there: str
    ) -> None:
        names = {"BASE_URL": base_url, "TRUSTED_HOSTS": "www.shop.example"}
        app = create_app(load_settings(environment | names))
        person_id = make_person(app)
        give_passkey(app, person_id, name)
        give_passkey(app, person_id, OLD)
        words = self.WORDS.format(there=there)
        assert f"{words}Run `storefront owner link` on the shop's machine." in try_code(behind(app, at))
        browser = behind(app, at)
        assert browser.post(link_for(app, person_id)).location == "/admin"
        assert words in plain(browser.get("/admin/account").text)
        with time_machine.travel(clock.now() + timedelta(minutes=11), tick=True):
            page = browser.get("/admin/confirm?next=/admin/people").text
            assert words in plain(page)
            assert f'<a href="{there}"' in page
            assert "Use your passkey" not in page

    def test_asks_for_the_passkey_of_this_name_where_there_is_one(self, environment: dict[str, str]) -> None:
        names = {"BASE_URL": "https://shop.example", "TRUSTED_HOSTS": "www.shop.example"}
        app = create_app(load_settings(environment | names))
        person_id = make_person(app)
        for host in ("shop.example", "www.shop.example"):
            give_passkey(app, person_id, host)
        assert "Sign in with the passkey." in try_code(behind(app, "https://www.shop.example"))


def test_knows_every_name_of_the_shop(environment: dict[str, str]) -> None:
    names = {"BASE_URL": "https://shop.example", "TRUSTED_HOSTS": "www.shop.example"}
    app = create_app(load_settings(environment | names))
    with app.app_context():
        works = {host: works_here(host) for host in ("shop.example", "www.shop.example", OLD, "localhost")}
        assert works == {"shop.example": True, "www.shop.example": True, OLD: False, "localhost": False}
        assert works_here("localhost", host="localhost"), "through a tunnel"
