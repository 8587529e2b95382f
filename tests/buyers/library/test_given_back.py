"""What an order's access stopped goes on when it is given back: each mail once, however often it closed."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask

from storefront.buyers.library.news import tell_buyers
from storefront.buyers.library.resend import resend
from storefront.core.db import db
from storefront.delivery.licenses.owner_actions import replace_key, restore_key, withdraw_key
from storefront.orders.decide import decide
from storefront.orders.models import Decision
from storefront.payments.fulfillment.fulfill import Look, fulfill_checkout
from tests.delivery.licenses.pools import bring, make_pool
from tests.support.databases import BOTH
from tests.support.rows import read_rows
from tests.support.sale import COMPLETED, Sale, sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import ADA, keys_on, run_worker_once

both = pytest.mark.parametrize("engine", BOTH, indirect=True)
KINDS = ["receipt", "keys_arrived", "key_replaced", "new_release"]

Undo = Callable[[], object]


def converge(sale: Sale) -> None:
    with sale.app.app_context():
        fulfill_checkout(sale.session_id, Look.NOW)
        db.session.remove()


def by_owner(sale: Sale, decision: Decision) -> None:
    with sale.app.app_context():
        decide(sale.session_id, decision)
        db.session.remove()


def by_dispute(sale: Sale) -> Undo:
    dispute = sale.at_charge("dispute")
    converge(sale)

    def win() -> None:
        sale.sandbox.control(f"disputes/{dispute}/move", status="won")
        converge(sale)

    return win


def by_refund(sale: Sale) -> Undo:
    return until_it_fails(sale, sale.at_charge("refund", outcome="pending"))


def by_refund_of_its_item(sale: Sale) -> Undo:
    return until_it_fails(sale, sale.refund(amount=1, metadata={"storefront_items": "1"}))


def until_it_fails(sale: Sale, refund: str) -> Undo:
    converge(sale)

    def fail() -> None:
        sale.sandbox.control(f"refunds/{refund}/settle", result="failed")
        converge(sale)

    return fail


def by_withdrawal(sale: Sale) -> Undo:
    by_owner(sale, Decision.WITHDRAW)
    return lambda: by_owner(sale, Decision.FOLLOW_PAYMENT)


def by_dispute_that_the_owner_overrules(sale: Sale) -> Undo:
    by_dispute(sale)
    return lambda: by_owner(sale, Decision.ALLOW)


def sell_all(app: Flask, sandbox: SandboxClient) -> Sale:
    """An order that every kind of mail waits for: receipt, keys that came later, a replaced key, a new release."""
    make_pool(app)
    bring(app, ["IMPORTED-KEY-0000"])
    sell(app, sandbox, email="eve@example.com")
    sale = sell(app, sandbox, email=ADA)
    assert sale.keys == []
    bring(app, ["IMPORTED-KEY-0001", "IMPORTED-KEY-0002"])
    (version,) = {row["version"] for row in read_rows(app, NEWEST)}
    with app.app_context():
        replace_key("IMPORTED-KEY-0001")
        tell_buyers("twinspot", version)
        db.session.remove()
    sale.deliver(COMPLETED)
    return sale


NEWEST = (
    "SELECT version FROM releases JOIN products ON products.id = product_id WHERE slug = 'twinspot'"
    " ORDER BY releases.published_at DESC, releases.id DESC LIMIT 1"
)


def states(app: Flask) -> dict[str, str]:
    rows = read_rows(app, f"SELECT kind, state FROM outbox WHERE recipient = '{ADA}' ORDER BY id")
    return {row["kind"]: row["state"] for row in rows if row["kind"] in KINDS}


def subjects(mailbox: Any) -> Counter[str]:
    all_subjects = [str(mail["subject"]) for mail in mailbox.messages(to=ADA)]
    return Counter(subject for subject in all_subjects if "refund" not in subject.lower())


WAYS = [by_dispute, by_refund, by_refund_of_its_item, by_withdrawal, by_dispute_that_the_owner_overrules]


@pytest.mark.parametrize("close", WAYS)
def test_sends_every_mail_that_was_stopped_once_when_it_opens(
    app: Flask, sandbox: SandboxClient, mailbox: Any, close: Callable[[Sale], Undo]
) -> None:
    sale = sell_all(app, sandbox)
    give_back = close(sale)
    for _twice in range(2):
        sale.work()
        assert states(app) == dict.fromkeys(KINDS, "paused")
        assert not any("IMPORTED-KEY" in mail["text"] for mail in mailbox.messages(to=ADA))
        converge(sale)  # a look that finds nothing new lets nothing go
    give_back()
    sale.work()
    assert states(app) == dict.fromkeys(KINDS, "sent")
    counts = subjects(mailbox)
    assert set(counts.values()) == {1}
    assert len(counts) == len(KINDS)
    close_again = by_withdrawal(sale)
    sale.work()
    close_again()
    converge(sale)
    sale.work()
    assert subjects(mailbox) == counts


@both
def test_sends_a_receipt_once_however_often_it_closed_and_whoever_looks(
    app: Flask, sandbox: SandboxClient, mailbox: Any
) -> None:
    """Facts flap; at the end two look and two workers send at the same moment."""
    sale = sell(app, sandbox, email=ADA)
    sale.deliver(COMPLETED)
    win = by_dispute(sale)
    for _twice in range(2):
        sale.work()
        by_owner(sale, Decision.ALLOW)  # open for a moment, and closed before anything left
        by_owner(sale, Decision.FOLLOW_PAYMENT)
        converge(sale)
        sale.work()
        assert (states(app), mailbox.messages(to=ADA)) == ({"receipt": "paused"}, [])
    jobs = [win, lambda: run_worker_once(app), lambda: converge(sale), lambda: run_worker_once(app)]
    with ThreadPoolExecutor(len(jobs)) as pool:
        list(pool.map(lambda job: job(), jobs))
    sale.work()
    (receipt,) = mailbox.messages(to=ADA)
    assert keys_on(receipt["text"]) == sale.keys
    assert states(app) == {"receipt": "sent"}


def test_sends_only_the_receipt_asked_for_again_and_to_the_address_of_now(
    app: Flask, sandbox: SandboxClient, mailbox: Any
) -> None:
    sale = sell(app, sandbox, email=ADA)
    sale.deliver(COMPLETED)
    give_back = by_withdrawal(sale)
    sale.work()
    with app.app_context():
        moved = resend(sale.session_id, to="new@example.com")
        db.session.remove()
    assert moved.not_sent
    give_back()
    with app.app_context():
        resend(sale.session_id)
        db.session.remove()
    sale.work()
    assert [mail["to"] for mail in mailbox.messages()] == [["new@example.com"]]


@both
def test_sends_a_replaced_key_that_was_withdrawn_before_its_mail_left_when_it_works(
    app: Flask, sandbox: SandboxClient, mailbox: Any
) -> None:
    sale = sell(app, sandbox, email=ADA)
    sale.deliver(COMPLETED)
    sale.work()
    with app.app_context():
        first = replace_key(sale.keys[0]).key
        second = replace_key(first).key
        withdraw_key(second)
        db.session.remove()
    mailbox.clear()
    sale.work()
    rows = read_rows(app, "SELECT state, last_error FROM outbox WHERE kind = 'key_replaced' ORDER BY id")
    assert [row["state"] for row in rows] == ["canceled", "paused"]
    assert rows[1]["last_error"] == "the key does not work now"
    assert mailbox.messages() == []
    with app.app_context():
        for _twice in range(2):
            restore_key(second)
        db.session.remove()
    sale.work()
    (mail,) = mailbox.messages(to=ADA)
    assert second in mail["text"]
    assert first not in mail["text"]


def test_sends_news_told_while_an_order_was_closed_when_it_opens(
    app: Flask, sandbox: SandboxClient, mailbox: Any
) -> None:
    sale = sell(app, sandbox, email=ADA)
    sale.deliver(COMPLETED)
    sale.work()
    give_back = by_dispute(sale)
    version = read_rows(app, NEWEST)[0]["version"]
    with app.app_context():
        told = [tell_buyers("twinspot", version) for _twice in range(2)]
        db.session.remove()
    assert [(edition_news.told, edition_news.closed) for edition_news in told] == [(0, 1), (0, 1)]
    sale.work()
    mailbox.clear()
    give_back()
    sale.work()
    assert ["is here" in mail["subject"] for mail in mailbox.messages(to=ADA)] == [True]
