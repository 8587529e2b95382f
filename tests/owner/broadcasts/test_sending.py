"""A broadcast: to who has access and agreed, each once, at its pace, whatever happens in between."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from storefront.buyers.account.erase import erase_address
from storefront.buyers.offers.agree import stop_offers_of
from storefront.core import clock
from storefront.core.db import db, transaction
from storefront.core.languages import Language
from storefront.customers.models import Customer
from storefront.mail.failures import select_dead_addresses
from storefront.mail.models import OutboxMessage
from storefront.mail.outbox import mark_failed, promise_news
from storefront.mail.retry import cancel_mails, retry_mails
from storefront.owner.broadcasts.audience import Audience, count_audience, find_readers
from storefront.owner.broadcasts.drafts import BroadcastMoved, BroadcastRefused, Typed, save_broadcast
from storefront.owner.broadcasts.read import read_goods, read_view
from storefront.owner.broadcasts.sending import cancel_broadcast, send_some, send_test, start_broadcast
from storefront.shop.profile.change import change_profile
from tests.mail.strict import read_strictly, text_of
from tests.support.databases import BOTH
from tests.support.plans import plan_as_sent
from tests.support.readers import draft, make_readers
from tests.support.rows import change_rows, read_rows
from tests.support.shop import run_worker_once
from tests.support.statements import counted

both = pytest.mark.parametrize("engine", BOTH, indirect=True)
OUTBOX = "SELECT recipient, state, last_error FROM outbox WHERE kind = 'broadcast' ORDER BY id"
FAIL = "UPDATE outbox SET state = 'failed', last_error = :error WHERE recipient LIKE :who"
WORDS = {"en": ("News", "Words")}


def promised(app: Flask) -> list[str]:
    return [row["recipient"].partition("@")[0] for row in read_rows(app, OUTBOX)]


def start(app: Flask, broadcast_id: int, version: int = 1) -> bool:
    with app.test_request_context():
        return start_broadcast(broadcast_id, version=version)


def send(app: Flask) -> int:
    with app.test_request_context():
        return send_some()


@both
def test_goes_to_who_agreed_and_has_access_now(app: Flask) -> None:
    """Facts of many kinds are counted in SQL as the one rule in Python decides them."""
    make_readers(app, "ada", "bob")
    make_readers(app, "no", "nono", agrees=False)
    make_readers(app, "refunded", refunded_minor=1900)
    make_readers(app, "unpaid", is_paid=False)
    make_readers(app, "lost", is_disputed=True, dispute_status="lost")
    make_readers(app, "won", is_disputed=True, dispute_status="won")
    make_readers(app, "kept", refunded_minor=1900, decision="allow")
    make_readers(app, "withdrawn", decision="withdraw")
    make_readers(app, "font", slug="gridling", total_minor=0)
    make_readers(app, "team", edition="team")
    make_readers(app, "live", mode="live")
    change_rows(app, "UPDATE customers SET erased_at = created_at WHERE email = 'bob@example.com'")
    cases = {
        ("twinspot",): (["ada", "won", "kept", "team"], Audience(buyers=6, agreed=4)),
        ("twinspot/team",): (["team"], Audience(buyers=1, agreed=1)),
        ("gridling", "twinspot/team"): (["font", "team"], Audience(buyers=2, agreed=2)),
        (): (["ada", "won", "kept", "font", "team"], Audience(buyers=7, agreed=5)),
    }
    for goods, (names, audience) in cases.items():
        broadcast_id = draft(app, *goods)
        with app.test_request_context():
            chosen = read_goods(broadcast_id)
            with counted(app) as statements:
                assert count_audience(chosen) == audience
            assert len(statements) <= 3
            with counted(app) as statements:
                found = find_readers(chosen, after=0, most=100)
            assert len(statements) <= 3
            assert [email.partition("@")[0] for email in found.emails.values()] == names
            assert found.is_end
    assert audience.words == "Goes to 5 of 7 buyers: 2 have not agreed."


@both
def test_leaves_out_addresses_that_take_no_email_until_one_was_sent_there(app: Flask) -> None:
    names = {
        "ada": "", "gone": "bounced (5.1.1)", "refused": "recipient refused (550)", "ended": "bounced (5.1.1)",
        "again": "bounced (5.1.1)", "back": "bounced (5.1.1)", "early": "bounced (5.1.1)",
        "sender": "bounced (5.7.1)", "account": "recipient refused (554), perhaps because of the account",
        "text": "mail refused (554)", "full": "bounced (5.2.2)", "live": "bounced (5.1.1)",
    }  # fmt: skip
    make_readers(app, *names)
    make_readers(app, "no", agrees=False)
    first, second = draft(app), draft(app, "twinspot")
    start(app, first)
    send(app)
    change_rows(app, "UPDATE outbox SET state = 'sent', sent_at = due_at")
    for name, error in names.items():
        if error:
            change_rows(app, FAIL, error=error, who=f"{name}@%")
    change_rows(app, "UPDATE outbox SET mode = 'live' WHERE recipient LIKE 'live@%'")
    mail_ids = {row["recipient"].partition("@")[0]: row["id"] for row in read_rows(app, "SELECT * FROM outbox")}
    with app.test_request_context():
        cancel_mails([mail_ids["ended"]])
        retry_mails([mail_ids["again"]])
        for name in ("back", "early"):
            send_test(first, Language.ENGLISH, f"{name}@example.com")
        change_rows(
            app,
            "UPDATE outbox SET state = 'sent', sent_at = due_at WHERE broadcast_id IS NULL",
            "UPDATE outbox SET sent_at = (SELECT min(due_at) FROM outbox)"
            " WHERE broadcast_id IS NULL AND recipient LIKE 'early@%'",
        )
        audience = count_audience(read_goods(second))
    assert audience == Audience(buyers=13, agreed=8, unreachable=4)
    assert audience.words == "Goes to 8 of 13 buyers: 1 has not agreed, 4 have addresses that take no email."
    start(app, second)
    send(app)
    reached = read_rows(app, "SELECT recipient FROM outbox WHERE broadcast_id = :it ORDER BY id", it=second)
    assert [row["recipient"].partition("@")[0] for row in reached] == [
        "ada", "again", "back", "sender", "account", "text", "full", "live",
    ]  # fmt: skip


@both
def test_finds_dead_addresses_by_what_was_sent_there(app: Flask) -> None:
    """By mode, state or time it would read all that was ever sent, once for each bounce."""
    with app.app_context():
        dead = select_dead_addresses()
        is_dead = dead.where(OutboxMessage.recipient == Customer.email).exists()
        plans = [plan_as_sent(dead), plan_as_sent(select(Customer.id).where(~is_dead))]
        db.session.remove()
    for plan in plans:
        of_later = next(line for line in plan.splitlines() if "outbox_1" in line)
        assert "ix_outbox_recipient" in of_later, plan


def test_leaves_to_nobody_where_the_only_address_takes_no_email(app: Flask) -> None:
    make_readers(app, "ada")
    first, second = draft(app), draft(app)
    start(app, first)
    send(app)
    change_rows(app, FAIL, error="bounced", who="ada@%")
    with app.test_request_context():
        words = count_audience(read_goods(second)).words
        with pytest.raises(BroadcastRefused, match="at an address that takes email"):
            start_broadcast(second, version=1)
    assert words == "Goes to 0 of 1 buyer: 0 have not agreed, 1 has an address that takes no email."


@both
def test_leaves_once_however_often_it_is_started_and_sent_at_the_same_moment(app: Flask, engine: str) -> None:
    make_readers(app, *(f"reader{number}" for number in range(9)))
    broadcast_id = draft(app, "twinspot", per_minute=600)
    started: list[bool] = []
    barrier = threading.Barrier(4)

    def begin() -> None:
        barrier.wait()
        started.append(start(app, broadcast_id))
        send(app)

    threads = [threading.Thread(target=begin) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(started) == [False, False, False, True]
    assert sorted(promised(app)) == [f"reader{number}" for number in range(9)]
    assert [row["verb"] for row in read_rows(app, "SELECT verb FROM audit_entries ORDER BY id")] == [
        "broadcast.created", "broadcast.started",
    ]  # fmt: skip


def test_keeps_its_pace_and_goes_on_where_a_killed_worker_stopped(app: Flask) -> None:
    make_readers(app, *(f"reader{number}" for number in range(5)))
    broadcast_id = draft(app, per_minute=2)
    assert send(app) == 0  # a draft
    start(app, broadcast_id)
    assert (send(app), send(app)) == (2, 0)  # none of the first two was tried
    change_rows(app, "UPDATE outbox SET state = 'sent' WHERE kind = 'broadcast'")
    with app.test_request_context(), pytest.MonkeyPatch.context() as patch:
        patch.setattr("storefront.owner.broadcasts.sending.find_readers", _die)
        with pytest.raises(SystemExit):
            send_some()
    assert len(promised(app)) == 2
    for count in (2, 1, 0):
        assert send(app) == count
        change_rows(app, "UPDATE outbox SET state = 'sent' WHERE kind = 'broadcast'")
    assert promised(app) == [f"reader{number}" for number in range(5)]
    # What a batch forgets to note is not sent twice.
    change_rows(app, "UPDATE broadcasts SET last_customer_id = 0, state = 'sending'")
    assert send(app) == 0
    assert len(promised(app)) == 5


def _die(*_what: Any, **_how: Any) -> None:
    raise SystemExit


def test_waits_for_news_of_a_release(app: Flask) -> None:
    make_readers(app, "ada")
    start(app, draft(app))
    with app.app_context(), transaction() as session:
        promise_news(session, [(("1:1", "eve@example.com"), clock.now() + timedelta(hours=1))])
    assert send(app) == 0
    change_rows(app, "DELETE FROM outbox WHERE kind = 'new_release'")
    assert send(app) == 1


def test_writes_to_each_in_their_language_with_a_way_out(app: Flask, mailbox: Any) -> None:
    make_readers(app, "ada", language="de")
    make_readers(app, "bob", "eve", "kim")
    with app.test_request_context():
        change_profile({"legal_name": "Wren & Co Ltd", "postal_address": "12 Long Lane"})
    broadcast_id = draft(app, en=("Big <news>", "It has **more** spots."), de=("Neues", "Mit *mehr* Punkten."))
    start(app, broadcast_id)
    send(app)
    with app.test_request_context():
        stop_offers_of("bob@example.com")
        erase_address("kim@example.com")
    change_rows(app, "UPDATE orders SET refunded_minor = 1900 WHERE email = 'eve@example.com'")
    run_worker_once(app)
    (mail,) = mailbox.find()
    parsed = read_strictly(mail.raw)
    assert (parsed["To"], parsed["Subject"]) == ("ada@example.com", "Neues")
    assert parsed["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    url = str(parsed["List-Unsubscribe"]).strip(" <>")
    for kind in ("plain", "html"):
        text = text_of(parsed, kind)
        assert url in text
        assert "weil Sie bei Test Shop etwas gekauft" in " ".join(text.split())
        assert "12 Long Lane" in text
    assert "<em>mehr</em>" in text_of(parsed, "html")
    states = {row["recipient"].partition("@")[0]: row["last_error"] for row in read_rows(app, OUTBOX)}
    assert states == {
        "ada": None, "bob": "no news and offers are wanted", "eve": "nothing that it is about is open any more",
        "": "the customer was erased",
    }  # fmt: skip
    with app.test_request_context():
        view = read_view(broadcast_id)
        assert (view.progress.sent, view.progress.left_out, view.state_words) == (1, 3, "sent")
        send_test(broadcast_id, Language.FRENCH, "owner@example.com")
    mailbox.clear()
    run_worker_once(app)
    (mail,) = mailbox.find()
    parsed = read_strictly(mail.raw)
    assert (parsed["Subject"], parsed["List-Unsubscribe"]) == ("Big <news>", None)
    with app.test_request_context():
        assert read_view(broadcast_id).progress.sent == 1


def test_cancels_nothing_that_has_left_already(app: Flask, mailbox: Any) -> None:
    """From a page that was opened before: canceled, its owner would write it anew."""
    make_readers(app, "ada", "bob")
    broadcast_id = draft(app)
    start(app, broadcast_id)
    send(app)
    run_worker_once(app)
    with app.test_request_context():
        assert cancel_broadcast(broadcast_id) is None
    assert read_rows(app, "SELECT state FROM broadcasts") == [{"state": "sent"}]
    assert read_rows(app, "SELECT id FROM audit_entries WHERE verb = 'broadcast.canceled'") == []


def test_cancels_the_last_one_while_a_worker_has_it(app: Flask, mailbox: Any) -> None:
    """A mail server that is slow, and then says 421: it does not leave later."""
    make_readers(app, "ada")
    broadcast_id = draft(app)
    start(app, broadcast_id)
    send(app)
    send(app)
    change_rows(app, "UPDATE outbox SET state = 'sending', attempts = 1 WHERE kind = 'broadcast'")
    with app.test_request_context():
        assert cancel_broadcast(broadcast_id) == 0
        (row,) = read_rows(app, "SELECT id FROM outbox WHERE kind = 'broadcast'")
        mark_failed(row["id"], attempts=1, error="421 try later", is_permanent=False)
    change_rows(app, "UPDATE outbox SET due_at = created_at WHERE kind = 'broadcast'")
    run_worker_once(app)
    assert mailbox.find() == []
    assert read_rows(app, OUTBOX) == [
        {"recipient": "ada@example.com", "state": "canceled", "last_error": "the broadcast was canceled"}
    ]


def test_takes_back_what_has_not_left(app: Flask, mailbox: Any) -> None:
    make_readers(app, "ada", "bob", "eve")
    broadcast_id = draft(app, per_minute=2)
    start(app, broadcast_id)
    send(app)
    with app.test_request_context():
        assert (cancel_broadcast(broadcast_id), cancel_broadcast(broadcast_id)) == (2, 0)
    assert send(app) == 0
    # One that a worker had taken at that moment asks once more.
    change_rows(app, "UPDATE outbox SET state = 'queued' WHERE recipient = 'ada@example.com'")
    run_worker_once(app)
    assert mailbox.find() == []
    with pytest.raises(BroadcastMoved):
        start(app, broadcast_id)


def test_refuses_what_cannot_be_and_what_is_old(app: Flask) -> None:
    make_readers(app, "no", agrees=False)
    refused: dict[str, dict[str, Any]] = {
        "subject-en": {"texts": {"en": (" ", "Words")}},
        "body-en": {"texts": {"en": ("News", "")}},
        "body-de": {"texts": {**WORDS, "de": ("Neues", "")}},
        "goods": {"texts": WORDS, "goods": ("twinspot/none",)},
        "per_minute": {"texts": WORDS, "per_minute": "601"},
    }
    broadcast_id = draft(app)
    with app.test_request_context():
        for name, typed in refused.items():
            with pytest.raises(BroadcastRefused) as refusal:
                save_broadcast(broadcast_id, Typed(**{"goods": (), **typed}), version=1)
            assert list(refusal.value.problems) == [name]
        save_broadcast(broadcast_id, Typed(texts=WORDS, goods=()), version=1)
        with pytest.raises(BroadcastMoved):
            save_broadcast(broadcast_id, Typed(texts=WORDS, goods=()), version=1)
        with pytest.raises(BroadcastMoved):
            start_broadcast(broadcast_id, version=1)
        with pytest.raises(BroadcastRefused, match="Nobody gets it"):
            start_broadcast(broadcast_id, version=2)
        with pytest.raises(BroadcastRefused, match="no whole email address"):
            send_test(broadcast_id, Language.ENGLISH, "nobody")
