"""What is past its time goes, a little at a time; what a sale, a limit or a second try needs stays."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from click.testing import CliRunner
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families as read_families

from storefront.core import clock
from storefront.core.db import db
from storefront.core.languages import Language
from storefront.core.measurements import flush
from storefront.devtools.mailbox.server import MailboxServer
from storefront.orders.sent_answers import Reader
from storefront.owner.answers.send import send_answer
from storefront.owner.readiness.answers import keep_answer
from storefront.owner.readiness.models import Question
from storefront.owner.retention.rules import RULES
from storefront.owner.retention.run import BATCH, BATCHES, forget_some
from storefront.payments.checkout.rows import insert_checkout, start_next_attempt, store
from storefront.payments.fulfillment.fulfill import Look, fulfill_checkout
from storefront.shop.answers.words import AnswerWords
from storefront.worker import forget_what_is_past_its_time
from tests.cli.commands import done, read_json
from tests.delivery.downloads.clicks import BOOK, status
from tests.owner.disputes.disputed import dispute
from tests.support.databases import BOTH
from tests.support.plans import plan_of
from tests.support.rows import change_rows, read_rows
from tests.support.sale import Sale, number_of, sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import make_event, post_event
from tests.support.statements import counted
from tests.support.upgrades import sell_upgrade

both = pytest.mark.parametrize("engine", BOTH, indirect=True)
LATER = timedelta(days=731)
NOTHING = {"events": 0, "emails": 0, "downloads": 0, "checkouts": 0, "unsent_checkouts": 0, "refusals": 0}
DISPUTE = """
INSERT INTO disputes (id, order_id, amount_minor, currency, status, reason, created_at)
SELECT 'dp_1', id, 100, 'usd', 'needs_response', 'fraudulent', created_at FROM orders
"""


@pytest.fixture
def sale(app: Flask, sandbox: SandboxClient, mailbox: MailboxServer) -> Sale:
    """A sale with its events, emails that left, and a download; beside it a checkout that nobody paid."""
    sold = sell(app, sandbox, BOOK)
    sold.deliver("checkout.session.completed")
    sold.work()
    assert status(sold.buyer, sold.downloads[0].removeprefix(sold.buyer.base_url)) == 200
    sold.buyer.add(*BOOK)
    sold.buyer.check_out()
    return sold


def forget(app: Flask) -> dict[str, int]:
    with app.app_context():
        forgotten = forget_some()
        db.session.remove()
    return forgotten


def one(app: Flask, sql: str) -> Any:
    ((value,),) = [row.values() for row in read_rows(app, sql)]
    return value


@both
def test_keeps_what_is_young_and_what_must_not_happen_twice(app: Flask, sale: Sale, command: CliRunner) -> None:
    assert forget(app) == NOTHING
    assert one(app, "SELECT count(*) FROM checkouts") == 2
    with time_machine.travel(clock.now() + LATER, tick=True):
        due = {row["name"]: row["rows"] for row in read_json(command, "retention")}
        assert due == NOTHING | {"events": 1, "emails": 1, "downloads": 1, "checkouts": 2}
        assert "1 of more than 400 days (KEEP_EVENTS_DAYS): handled" in done(command, "retention")
        assert forget(app) == due  # looking has forgotten nothing
        assert forget(app) == NOTHING
        with app.app_context():
            fulfill_checkout(sale.session_id, Look.NOW)
            db.session.remove()
    assert read_rows(app, "SELECT kind, state, recipient FROM outbox") == [
        {"kind": "receipt", "state": "sent", "recipient": ""}
    ]
    assert read_rows(app, "SELECT client FROM downloads") == [{"client": None}]
    assert one(app, "SELECT count(*) FROM stripe_events") == 0
    kept = "SELECT checkout_session_id FROM checkouts WHERE body IS NULL AND url IS NULL AND client_secret IS NULL"
    assert one(app, kept) == sale.session_id


def test_takes_no_forgotten_event_for_a_new_one(
    app: Flask, sale: Sale, sandbox: SandboxClient, caplog: pytest.LogCaptureFixture
) -> None:
    """Signed anew, as when somebody sends it again by hand. Twice, and each leaves a trace."""
    (event,) = [each for each in sandbox.read("events")["data"] if each["type"] == "checkout.session.completed"]
    with time_machine.travel(clock.now() + LATER, tick=True):
        assert forget(app)["events"] == 1
        answers = [post_event(app, event) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [200, 200]
        told = [
            vars(record) for record in caplog.records if record.getMessage() == "event is older than what is kept"
        ]
        assert [(line["event"], line["days"]) for line in told] == [(event["id"], LATER.days)] * 2
        assert post_event(app, make_event("ping", "cs_new")).status_code == 200
    assert one(app, "SELECT object_id FROM stripe_events") == "cs_new"


@both
def test_keeps_everything_of_an_order_with_an_open_dispute(app: Flask, sale: Sale) -> None:
    change_rows(app, DISPUTE)
    with time_machine.travel(clock.now() + LATER, tick=True):
        assert forget(app) == NOTHING | {"checkouts": 1}  # the one that nobody paid
        change_rows(app, "UPDATE disputes SET status = 'of_tomorrow'")
        assert forget(app) == NOTHING
        change_rows(app, "UPDATE disputes SET status = 'lost'")
        assert forget(app) == NOTHING | {"events": 1, "emails": 1, "downloads": 1, "checkouts": 1}


@both
def test_keeps_everything_of_an_order_whose_upgrade_is_in_dispute(
    app: Flask, sandbox: SandboxClient, mailbox: MailboxServer
) -> None:
    """A disputed upgrade is answered with the devices and downloads of what it upgraded."""
    sold, upgrade = sell_upgrade(app, sandbox)
    assert status(sold.buyer, sold.downloads[0].removeprefix(sold.buyer.base_url)) == 200
    dispute(upgrade)
    sold.work()
    with time_machine.travel(clock.now() + LATER, tick=True):
        assert forget(app) == NOTHING
        change_rows(app, "UPDATE disputes SET status = 'lost'")
        gone = forget(app)
    assert (gone["downloads"], gone["checkouts"]) == (1, 2)
    assert gone["emails"] >= 2


def test_keeps_events_and_emails_that_are_not_done(app: Flask, sale: Sale) -> None:
    change_rows(app, "UPDATE stripe_events SET handled_at = NULL", "DELETE FROM checkouts")
    for state in ("queued", "sending", "failed", "paused"):
        change_rows(app, "UPDATE outbox SET state = :state", state=state)
        with time_machine.travel(clock.now() + LATER, tick=True):
            assert forget(app) == NOTHING | {"downloads": 1 if state == "queued" else 0}


def test_deletes_checkouts_that_stripe_was_not_asked_about(app: Flask, sale: Sale) -> None:
    """One whose buyer left at once, and one that Stripe refused; what became an order stays without its body."""
    with app.app_context():
        for nonce in ("left", "refused"):
            how: Any = {
                "nonce": nonce,
                "browser": "b",
                "account": "acct_1",
                "is_from_cart": True,
                "ui_mode": "hosted",
            }
            token, _is_new = insert_checkout(cart=(), **how)
        store(token, 1, body={"mode": "payment"})
        start_next_attempt(token, 1)
        db.session.remove()
    assert forget(app) == NOTHING
    with time_machine.travel(clock.now() + LATER, tick=True):
        told = forget(app)
        assert (told["unsent_checkouts"], told["checkouts"]) == (2, 2)
        assert forget(app) == NOTHING
    assert one(app, "SELECT checkout_session_id FROM checkouts") == sale.session_id


def test_keeps_an_old_checkout_that_was_taken_up_again(app: Flask, sale: Sale) -> None:
    """Its row is old, and its Session is of today: somebody may be paying."""
    with time_machine.travel(clock.now() + LATER, tick=True):
        change_rows(
            app, "UPDATE checkouts SET expires_at = :then", then=f"{clock.now() + timedelta(days=1):%F %T}"
        )
        assert forget(app)["checkouts"] == 0
    with time_machine.travel(clock.now() + 2 * LATER, tick=True):
        assert forget(app)["checkouts"] == 2


@both
def test_deletes_emails_that_nothing_owes_again(app: Flask) -> None:
    """The last test email of the list "ready to sell" is still shown there."""

    def add(kind: str, about: str = "") -> str:
        return f"""
        INSERT INTO outbox (dedupe_key, kind, about, mode, recipient, language, message_id, state, due_at,
            attempts, sent_at, created_at)
        VALUES ('{kind}{about}', '{kind}', '{about}', 'sandbox', 'a@shop.example', 'en', '{kind}{about}', 'sent',
            '2020-01-01 00:00:00', 1, '2020-01-01 00:00:00', '2020-01-01 00:00:00')
        """

    kinds = ("security_notice", "reconcile_report", "new_release", "checkout_reminder")
    change_rows(app, *map(add, kinds), add("test_mail", "first"), add("test_mail", "last"))
    with app.app_context():
        keep_answer(Question.TEST_MAIL, {"about": "last"})
    assert forget(app)["emails"] == 5
    assert {row["kind"]: row["recipient"] for row in read_rows(app, "SELECT kind, recipient FROM outbox")} == {
        "new_release": "",
        "checkout_reminder": "",
        "test_mail": "a@shop.example",
    }


@both
def test_deletes_what_a_helper_wrote_with_the_address_of_its_email(app: Flask, sale: Sale) -> None:
    """What waits to leave keeps its words. Other emails, whose `about` is no number, are left alone."""
    with app.app_context():
        for form in ("left", "waits"):
            words = AnswerWords(subject=form, body="Hello")
            send_answer(
                number_of(sale), "free-text", words, language=Language.ENGLISH, reader=Reader.BUYER, form=form
            )
        db.session.remove()
    change_rows(app, "UPDATE outbox SET about = 'x' WHERE kind = 'receipt'")
    first = one(app, "SELECT min(id) FROM sent_answers")
    change_rows(app, "UPDATE outbox SET state = 'sent' WHERE kind = 'answer' AND about = :about", about=str(first))
    with time_machine.travel(clock.now() + LATER, tick=True):
        assert forget(app)["emails"] == 2
        assert one(app, "SELECT subject FROM sent_answers") == "waits"
        change_rows(app, "UPDATE outbox SET state = 'sent'")
        assert forget(app)["emails"] == 1
    assert read_rows(app, "SELECT id FROM sent_answers") == []
    assert one(app, "SELECT count(*) FROM outbox WHERE kind = 'answer' AND recipient = ''") == 2


def test_forgets_a_little_at_a_time_and_counts_it(app: Flask) -> None:
    """However many rows there are: a run is a few small transactions, and the next run goes on."""
    change_rows(
        app,
        """
        WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < :most)
        INSERT INTO stripe_events
            (id, type, object_id, livemode, mode, created_at, received_at, attempts, handled_at)
        SELECT 'evt_' || n, 'ping', 'cs_1', false, 'sandbox', :old, :old, 1, :old FROM numbers
        """,
        most=BATCH * BATCHES + 3,
        old="2020-01-01 00:00:00",
    )
    with counted(app) as statements:
        assert forget(app)["events"] == BATCH * BATCHES
    assert len(statements) <= 3 * BATCHES + len(RULES)
    with app.app_context():
        forget_what_is_past_its_time()
        flush(only_when_due=False)
        db.session.remove()
    assert one(app, "SELECT count(*) FROM stripe_events") == 0
    page = app.test_client().get("/metrics").text
    samples = [sample for family in read_families(page) for sample in family.samples]
    told = {sample.labels["rule"]: sample.value for sample in samples if "rule" in sample.labels}
    assert told == {"events": BATCH * BATCHES + 3}


@both
def test_finds_what_is_old_by_an_index_of_its_own(app: Flask) -> None:
    indexes = {
        "events": "ix_stripe_events_received_at",
        "emails": "ix_outbox_addressed",
        "downloads": "ix_downloads_client",
        "checkouts": "ix_checkouts_body",
        "unsent_checkouts": "ix_checkouts_unsent",
        "refusals": "ix_refusals_at",
    }
    with app.app_context():
        for rule in RULES:
            plan = plan_of(rule.find(clock.now()).limit(BATCH))
            assert indexes[rule.name] in plan, plan
            assert "TEMP B-TREE" not in plan
            assert "Sort" not in plan
            needs = {"unsent_checkouts": 0}.get(rule.name, 2) if "Index Scan" in plan else 0
            assert plan.count(" Anti Join") == needs, plan  # else PostgreSQL asks about disputes at every row
        db.session.remove()
    assert {rule.name for rule in RULES} == set(indexes)
