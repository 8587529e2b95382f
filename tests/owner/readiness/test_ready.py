"""`/admin/ready` and `storefront status`: asked live, kept for a while, filled in by what happens."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from click.testing import CliRunner
from flask import Flask

from storefront.core import clock
from storefront.devtools.mailbox.server import MailboxServer
from storefront.owner.people.models import Role
from storefront.owner.readiness.answers import KEPT
from storefront.shop.pages.edit import create_page, publish_page
from storefront.shop.profile.saved_cards import switch_saved_cards
from tests.cli.commands import done, read_json
from tests.support.databases import BOTH
from tests.support.people import OWNER, make_person, sign_in_at_admin
from tests.support.permissions import ALL_THAT_IS_NEEDED, FOR_CARDS, FOR_INVOICES, FOR_TAX
from tests.support.rows import change_rows, read_rows
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer, run_worker_once
from tests.support.statements import counted

both = pytest.mark.parametrize("engine", BOTH, indirect=True)
READY = "/admin/ready"


@pytest.fixture
def environment(environment: dict[str, str], request: pytest.FixtureRequest) -> dict[str, str]:
    changed = environment | {"STRIPE_WEBHOOK_SECRET": ""}
    if "permissions" in request.fixturenames:
        sandbox: SandboxClient = request.getfixturevalue("sandbox")
        permissions = request.getfixturevalue("permissions")
        changed["STRIPE_SECRET_KEY"] = sandbox.control("restricted_keys", permissions=list(permissions))["key"]
    return changed


@pytest.fixture
def owner(app: Flask) -> Buyer:
    return sign_in_at_admin(app, make_person(app))


def points(command: CliRunner) -> dict[str, dict[str, Any]]:
    return {point["code"]: point for point in read_json(command, "status")["ready"]}


@both
def test_makes_the_endpoint_by_one_press_and_says_so(
    app: Flask, owner: Buyer, sandbox: SandboxClient, command: CliRunner
) -> None:
    page = owner.get(READY).text
    assert "know this shop&#39;s address yet" in page
    assert "Sandbox takes payments in sandbox mode." in page
    assert "read back and deleted" in page
    answer = owner.post("/admin/ready/webhook")
    assert answer.location == "/admin/ready#webhook"
    after = owner.get(READY).text
    assert "there is nothing to copy" in after
    assert "whsec_" not in after
    assert len(sandbox.stripe.v1.webhook_endpoints.list().data) == 1
    assert points(command)["webhook"]["state"] == "done"
    assert "whsec_" not in done(command, "status", "--json")


def test_asks_for_a_fresh_proof_before_the_endpoint_changes(
    app: Flask, owner: Buyer, sandbox: SandboxClient
) -> None:
    with time_machine.travel(clock.now() + timedelta(minutes=11), tick=True):
        assert owner.post("/admin/ready/webhook", page=READY).location == "/admin/confirm?next=/admin/ready"
    assert sandbox.stripe.v1.webhook_endpoints.list().data == []


def test_asks_stripe_once_in_some_minutes_and_when_told_to(
    app: Flask, owner: Buyer, sandbox: SandboxClient
) -> None:
    owner.get(READY)
    sandbox.forget_calls()
    owner.get(READY)
    owner.get("/admin")
    assert sandbox.calls() == []
    assert owner.post("/admin/ready/ask").location == READY
    assert ("GET", "/v1/account") in sandbox.calls()
    sandbox.forget_calls()
    with time_machine.travel(clock.now() + KEPT + timedelta(minutes=1), tick=True):
        owner.get(READY)
    assert ("GET", "/v1/account") in sandbox.calls()


def test_says_that_it_could_not_ask(app: Flask, owner: Buyer) -> None:
    answer = owner.get(READY)
    assert answer.status_code == 200
    assert answer.text.count("point-could_not_ask") == 2
    assert owner.post("/admin/ready/webhook").status_code == 503


@pytest.mark.parametrize("permissions", [ALL_THAT_IS_NEEDED])
def test_takes_a_restricted_key_that_may_do_what_is_needed(
    permissions: tuple[str, ...], sandbox: SandboxClient, app: Flask, command: CliRunner
) -> None:
    point = points(command)["stripe_key"]
    assert point["state"] == "done"
    assert "may not say whose account it is of" in point["sentence"]
    assert sandbox.stripe.v1.products.list().data == []
    assert sandbox.stripe.v1.webhook_endpoints.list().data == []


@pytest.mark.parametrize("permissions", [("product_write", "accounts_kyc_basic_read", "event_read")])
def test_names_what_a_restricted_key_lacks(
    permissions: tuple[str, ...], sandbox: SandboxClient, app: Flask, command: CliRunner
) -> None:
    point = points(command)["stripe_key"]
    assert point["state"] == "wrong"
    for lacking in (
        "Checkout Sessions (write)",
        "Charges and Refunds (write)",
        "Disputes (write)",
        "Files (write)",
    ):
        assert lacking in point["sentence"]
    assert "Products" not in point["sentence"]
    assert "Events" not in point["sentence"]
    assert "Invoices" not in point["sentence"], "without INVOICES and STRIPE_TAX nobody reads them"


@pytest.mark.parametrize("permissions", [ALL_THAT_IS_NEEDED, (*ALL_THAT_IS_NEEDED, *FOR_INVOICES)])
def test_names_what_a_restricted_key_lacks_for_invoices(
    permissions: tuple[str, ...], sandbox: SandboxClient, app: Flask, command: CliRunner
) -> None:
    command.env = {**command.env, "INVOICES": "true"}
    point = points(command)["stripe_key"]
    if FOR_INVOICES[0] in permissions:
        assert point["state"] == "done"
        return
    assert (point["state"], "lacks Invoices (read). " in point["sentence"]) == ("wrong", True), point["sentence"]


@pytest.mark.parametrize("permissions", [ALL_THAT_IS_NEEDED, (*ALL_THAT_IS_NEEDED, *FOR_TAX)])
def test_names_what_a_restricted_key_lacks_for_tax(
    permissions: tuple[str, ...], sandbox: SandboxClient, app: Flask, command: CliRunner
) -> None:
    command.env = {**command.env, "STRIPE_TAX": "true"}
    point = points(command)["stripe_key"]
    if FOR_TAX[0] in permissions:
        assert point["state"] == "done"
        return
    lacking = "lacks Invoices (read), Customers (read), Tax settings and registrations (read)"
    assert (point["state"], lacking in point["sentence"]) == ("wrong", True), point["sentence"]


@pytest.mark.parametrize("permissions", [ALL_THAT_IS_NEEDED, (*ALL_THAT_IS_NEEDED, *FOR_CARDS)])
def test_names_what_a_restricted_key_lacks_for_saved_cards(
    permissions: tuple[str, ...], sandbox: SandboxClient, app: Flask, command: CliRunner
) -> None:
    with app.app_context():
        switch_saved_cards(is_on=True)
    point = points(command)["stripe_key"]
    assert sandbox.stripe.v1.customers.list().data == []
    if FOR_CARDS[0] in permissions:
        assert point["state"] == "done", point["sentence"]
        return
    lacking = "lacks Customers (write), Payment Methods (write)"
    assert (point["state"], lacking in point["sentence"]) == ("wrong", True), point["sentence"]


@pytest.mark.parametrize("permissions", [ALL_THAT_IS_NEEDED])
def test_says_that_stripe_does_not_take_a_key_that_was_rolled(
    permissions: tuple[str, ...],
    sandbox: SandboxClient,
    app: Flask,
    command: CliRunner,
    environment: dict[str, str],
) -> None:
    sandbox.control("restricted_keys/roll", key=environment["STRIPE_SECRET_KEY"])
    point = points(command)["stripe_key"]
    assert (point["state"], "doesn't accept the key" in point["sentence"]) == ("wrong", True)


@both
def test_sends_a_test_email_and_says_how_it_ended(
    app: Flask, owner: Buyer, mailbox: MailboxServer, command: CliRunner
) -> None:
    assert owner.post("/admin/ready/test-email").location == "/admin/ready#mail"
    assert "waits for the worker" in points(command)["mail"]["sentence"]
    run_worker_once(app)
    messages: list[dict[str, Any]] = mailbox.messages()
    subjects = [message["subject"] for message in messages if OWNER in message["to"]]
    assert "Test email from Test Shop" in subjects
    assert points(command)["mail"]["state"] == "done"
    refused = "UPDATE outbox SET state = 'failed', sent_at = NULL, last_error = '550 5.1.1 unknown'"
    change_rows(app, f"{refused} WHERE kind = 'test_mail'")
    point = points(command)["mail"]
    assert (point["state"], "550 5.1.1 unknown" in point["sentence"]) == ("wrong", True)


def test_keeps_who_tried_a_restore_and_when(app: Flask, owner: Buyer, command: CliRunner) -> None:
    owner.post("/admin/ready/restored")
    point = points(command)["backup"]
    assert point["state"] == "done"
    assert point["sentence"] == f"{OWNER} tried a restore on {clock.now():%Y-%m-%d}."
    (entry,) = read_rows(app, "SELECT actor FROM audit_entries WHERE verb = 'backup.restore_tried'")
    assert entry["actor"] == OWNER


def test_shows_the_list_to_everybody_and_buttons_to_owners(app: Flask, sandbox: SandboxClient) -> None:
    for role in Role:
        browser = sign_in_at_admin(app, make_person(app, f"{role}@example.com", role))
        page = browser.get(READY).text
        assert "<h1>Ready to sell?</h1>" in page
        assert ("Send me a test email" in page) == (role is Role.OWNER)


def test_asks_nobody_and_stores_nothing_for_who_may_only_read(app: Flask, sandbox: SandboxClient) -> None:
    browser = sign_in_at_admin(app, make_person(app, "reader@example.com", Role.READER))
    sandbox.forget_calls()
    page = browser.get(READY).text
    assert "Nobody has asked Stripe yet. An owner of the shop can ask." in page
    assert "Ask again" not in page
    assert sandbox.calls() == []
    assert read_rows(app, "SELECT name FROM readiness_answers") == []


def test_knows_which_legal_pages_can_be_read(app: Flask, sandbox: SandboxClient, command: CliRunner) -> None:
    with app.app_context():
        create_page("Imprint", body_markdown="We are here.", legal_kind="imprint")
        publish_page(create_page("Terms", body_markdown="Be kind.", legal_kind="terms"))
    assert "yet: imprint, privacy, refunds." in points(command)["legal_pages"]["sentence"]


def test_leads_from_home_to_what_is_open(app: Flask, owner: Buyer, sandbox: SandboxClient) -> None:
    with counted(app) as statements:
        page = owner.get("/admin").text
    assert 'href="/admin/ready">Ready to sell?</a>' in page
    assert "points are open" in page
    assert len(statements) <= 40


def test_prints_what_is_open(app: Flask, sandbox: SandboxClient, command: CliRunner) -> None:
    page = done(command, "status")
    assert "points of /admin/ready are open:" in page
    assert "  Webhook endpoint (to do): Stripe doesn't know this shop's address yet." in page
    assert "[storefront webhook create]" in page
