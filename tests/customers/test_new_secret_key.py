"""A new SECRET_KEY with the old one in SECRET_KEY_FALLBACKS: nobody is signed out, and nothing closes."""

import re
from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from storefront.app import create_app
from storefront.buyers.reminders.readers import claim_turn, get_reader_id, has_stopped, stop_address
from storefront.core.config.settings import load_settings
from storefront.core.db import db, transaction
from storefront.core.runtime import settings
from storefront.core.tokens import derive_known_token, derive_token, hash_token
from storefront.owner.people.models import Role
from storefront.owner.people.people import invite
from storefront.payments.webhook import secrets
from storefront.payments.webhook.models import WebhookEndpoint
from tests.buyers.account.customers import erase
from tests.delivery.licenses.licensed import ask
from tests.support.people import OWNER, make_person
from tests.support.sale import sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import ADA, Buyer, Shop
from tests.support.sign_in import enter_code, is_in, make_customer, newest_code, signed_in, waiting_mails

NEW = "f2b7c6d1e8a94035b6c7d8e9f0a1b2c3"


@pytest.fixture
def with_new_key(shop: Shop, environment: dict[str, str]) -> Iterator[Callable[[], Flask]]:
    """The same shop, started again with another key, and the one before it as the second of two fallbacks."""
    made: list[Flask] = []

    def make() -> Flask:
        old = environment["SECRET_KEY"]
        changed = {"SECRET_KEY": NEW, "SECRET_KEY_FALLBACKS": f"an-even-older-key-of-the-shop,{old}"}
        made.append(create_app(load_settings(environment | changed)))
        return made[-1]

    yield make
    for app in made:
        with app.app_context():
            db.session.remove()
            db.engine.dispose()


def go_on(buyer: Buyer, app: Flask) -> None:
    """The same browser, with its cookies, at the shop that was started again."""
    buyer.app = buyer.client.application = app


def test_keeps_browsers_carts_and_codes_in_mails(
    shop: Shop, sandbox: SandboxClient, with_new_key: Callable[[], Flask]
) -> None:
    sale = sell(shop.app, sandbox, email=ADA)
    buyer = Buyer(shop.app)
    buyer.add("twinspot", "Personal")
    buyer.post("/sign-in", email=ADA)
    code = newest_code(shop, ADA)
    path = sale.downloads[0].removeprefix(sale.buyer.base_url)
    address = sale.buyer.client.get(path, base_url=sale.buyer.base_url).location
    app = with_new_key()
    go_on(buyer, app)
    assert "Twinspot" in buyer.get("/cart").text
    assert enter_code(buyer, code)
    assert is_in(buyer)
    assert Buyer(app).get(sale.link).status_code == 200
    with buyer.client.get(address, base_url=buyer.base_url) as download:
        assert download.status_code == 200


def test_writes_links_that_open_into_mails_that_leave_after_the_change(
    shop: Shop, with_new_key: Callable[[], Flask]
) -> None:
    make_person(shop.app)
    make_customer(shop.app)
    with shop.app.test_request_context():
        invite("sue@example.com", Role.SUPPORT)
    Buyer(shop.app).post("/sign-in", email=ADA)
    signed_in(shop.app).post("/account/address", new_email="eve@example.com")
    Buyer(shop.app).post("/admin/sign-in", email=OWNER)
    app = with_new_key()
    links = [link for mail in waiting_mails(app) for link in re.findall(r"/[/a-z-]+/[0-9a-f]{32}\b", mail.text)]
    pages = ["/admin/link", "/admin/sign-in/link", "/confirm", "/confirm", "/sign-in/link"]
    assert sorted(link.rpartition("/")[0] for link in links) == pages
    assert {link: Buyer(app).get(link).status_code for link in links} == dict.fromkeys(links, 200)


def test_knows_the_devices_of_who_was_erased(
    shop: Shop, sandbox: SandboxClient, with_new_key: Callable[[], Flask]
) -> None:
    sale = sell(shop.app, sandbox, email=ADA)
    fields = {"license_key": sale.keys[0], "instance_name": "a", "fingerprint": "disk-0"}
    device = ask(shop.app, "activate", **fields).get_json()["instance"]
    erase(shop.app, ADA)
    again = ask(with_new_key(), "activate", **fields).get_json()["instance"]
    assert again["id"] == device["id"]


def test_opens_what_is_sealed_and_knows_who_wants_no_reminders(
    shop: Shop, sandbox: SandboxClient, with_new_key: Callable[[], Flask]
) -> None:
    sale = sell(shop.app, sandbox)
    ask(shop.app, "activate", license_key=sale.keys[0], instance_name="a", fingerprint="disk-0")  # makes the key
    with shop.app.app_context():
        sealed = secrets.seal_secret("whsec_of_the_old_key", mode=settings().mode, token="a-token")
        with transaction() as session:
            stop_address(session, ADA)
        first = claim_turn("ben@example.com", "cs_first")
        db.session.remove()
    app = with_new_key()
    with app.app_context():
        row = WebhookEndpoint(mode=settings().mode, token="a-token", sealed=sealed)
        assert secrets.open_secret(row) == "whsec_of_the_old_key"
        assert has_stopped("ADA@example.com")
        assert claim_turn(ADA, "cs_other") is None
        assert claim_turn("ben@example.com", "cs_first") == first
        assert get_reader_id(str(first))
        db.session.remove()
    activated = ask(app, "activate", license_key=sale.keys[0], instance_name="a", fingerprint="disk-1").get_json()
    assert (activated["activated"], bool(activated["license_file"])) == (True, True)


def test_keeps_the_way_out_of_an_email_about_availability() -> None:
    seed = b"5" * 16
    made = derive_token(seed, purpose="availability", version=1, secret_key="old")
    for keys, is_known in ((("new", "old"), True), (("new",), False)):
        found = derive_known_token(
            seed, purpose="availability", version=1, secret_keys=keys, token_hash=hash_token(made)
        )
        assert (found == made) is is_known


def test_seals_anew_with_the_present_key_only(shop: Shop, with_new_key: Callable[[], Flask]) -> None:
    app = with_new_key()
    with app.app_context():
        row = WebhookEndpoint(
            mode=settings().mode,
            token="t",
            sealed=secrets.seal_secret("whsec_new", mode=settings().mode, token="t"),
        )
        assert secrets.open_secret(row) == "whsec_new"
    with shop.app.app_context():
        assert secrets.open_secret(row) is None
