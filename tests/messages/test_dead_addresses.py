"""Emails that nobody waits for stay away from an address that takes none; what was paid or asked for is tried."""

from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from storefront.buyers.library.news import Told, tell_buyers
from storefront.core.db import db
from storefront.mail.failures import select_dead_addresses
from storefront.mail.faults import of_the_recipient
from storefront.mail.retry import retry_mails
from tests.buyers.availability.asking import confirmed, switch
from tests.buyers.availability.asking import work as work_on_waiting
from tests.support.databases import BOTH
from tests.support.left import deliver, leave, remind, work_later
from tests.support.people import make_person, sign_in_at_admin
from tests.support.rows import change_rows, read_rows
from tests.support.sale import sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import ADA, Buyer, Shop, run_worker_once

both = pytest.mark.parametrize("engine", BOTH, indirect=True)
LEFT_OUT = ("canceled", "its address takes no email")


def bounce(app: Flask, who: str) -> None:
    """Of the last email that went there."""
    change_rows(
        app,
        "UPDATE outbox SET state = 'failed', last_error = 'bounced (5.1.1)' WHERE id ="
        " (SELECT max(id) FROM outbox WHERE recipient = :who)",
        who=who,
    )


def mails_of(app: Flask, kind: str) -> list[tuple[str, str | None]]:
    rows = read_rows(app, "SELECT state, last_error FROM outbox WHERE kind = :kind ORDER BY id", kind=kind)
    return [(row["state"], row["last_error"]) for row in rows]


@pytest.fixture
def sold(shop: Shop, sandbox: SandboxClient, run: Any, tmp_path: Path) -> Flask:
    """A release of which Ada and Bob may be told."""
    for name in ("ada", "bob"):
        sell(shop.app, sandbox, email=f"{name}@example.com")
    shop.work()
    (tmp_path / "new.zip").write_bytes(b"the newest")
    run("releases", "upload", "twinspot", "3.0", str(tmp_path / "new.zip"))
    return shop.app


def tell(app: Flask) -> Told:
    with app.app_context():
        told = tell_buyers("twinspot", "3.0")
        db.session.remove()
    return told


@both
def test_tells_no_dead_address_of_a_release_and_says_how_many(sold: Flask, shop: Shop, run: Any) -> None:
    bounce(sold, "bob@example.com")
    page = sign_in_at_admin(sold, make_person(sold)).get("/admin/products/twinspot/files/3.0/tell").text
    assert "1 email leaves" in page
    assert "1 have an address that takes no email." in page
    assert "1 have addresses that take no email" in run("releases", "tell-buyers", "twinspot", "3.0").output
    shop.mailbox.clear()
    shop.work()
    for _ in range(2):
        assert tell(sold) == Told(
            told=0, before=1, unsubscribed=0, unreachable=1, not_included=0, closed=0, minutes=1
        )
    shop.work()
    assert [mail["to"] for mail in shop.mails() if "is here" in str(mail["subject"])] == [["ada@example.com"]]
    assert mails_of(sold, "new_release") == [("sent", None)]
    change_rows(
        sold, "UPDATE outbox SET state = 'sent', sent_at = due_at, last_error = NULL WHERE state = 'failed'"
    )
    assert tell(sold).told == 1, "an address that takes email again is told then"


NOBODY_THERE = [
    "550 Requested action not taken: mailbox unavailable",
    "550 <disk@quota.example>: mailbox is unavailable.",
    "550 No such mailbox\nSee https://mail.example/help?c=full",
    "550 <from@sender.example> unknown",
    "550 <disk@quota.example> does not exist",
    "550 <disk@quota.example> doesn't exist here",
    "550 Recipient address rejected: User unknown in local recipient table",
    "550 sorry, no mailbox here by that name",
    "550 user adam ... User not listed in public Name & Address Book",
    "550 Unrouteable address",
    "550 This mailbox is inactive",
    "550 <disk@quota.example>: mailbox not found",
    "550 Mailbox does not exist",
    "550 Invalid mailbox",
    "551 User not local; mailbox unknown",
    "553 Requested action not taken: mailbox name not allowed",
    "550 Unknown user in full name lookup",
    "550 no such user",
]
SOMEBODY_THERE = [
    "550 the mailbox is full",
    "550 mailbox over quota",
    "550 Mailbox has exceeded its limit",
    "550 Insufficient storage in this inbox",
    "550 Too many messages for this recipient",
    "550 Requested action not taken: mailbox unavailable\ninvalid DNS MX record of the sender",
    "550 Blocked by a list of spam",
    "550 Mailbox temporarily unavailable",
    "550 mailbox busy",
    "550 Requested action not taken: mailbox unavailable\nFor explanation visit https://mail.example/case?c=hi&i=ip",
    "550 mailbox unavailable, listed in RBL",
    "550 1.2.3.4 is listed at zen.spamhaus.org",
    "550 User unknown to us as 1.2.3.4 is in an RBL",
    "550 relay not permitted",
    "550 Relaying denied",
    "550 Rejected: no reverse PTR record",
    "550 IP address not found in any PTR record",
    "550 HELO name invalid",
    "550 Client host unknown",
    "550 Sender verify failed: no such user",
    "550 Access denied",
    "550 Message content rejected",
    "550 Authentication is required for relay",
    "550 Recipient rejected: account blocked",
    "550 User disabled; policy",
    "550 rejected",
    "553 sorry, that domain isn't in my list of allowed rcpthosts",
    "552 mailbox not found",
]


@pytest.fixture
def sold_to_bob(app: Flask, sandbox: SandboxClient) -> Flask:
    sell(app, sandbox, email="bob@example.com")
    return app


def test_takes_an_address_for_dead_by_words_where_there_is_no_status(sold_to_bob: Flask) -> None:
    """RFC 5321 says "mailbox" in each of its answers about an address that nobody has."""
    for said in (*NOBODY_THERE, *SOMEBODY_THERE):
        error = str(of_the_recipient(int(said[:3]), said[4:]))
        change_rows(sold_to_bob, "UPDATE outbox SET state = 'failed', last_error = :error", error=error)
        with sold_to_bob.app_context():
            dead = db.session.scalars(select_dead_addresses()).all()
            db.session.remove()
        assert dead == (["bob@example.com"] if said in NOBODY_THERE else []), error


def test_leaves_out_who_bounced_while_the_news_waited(sold: Flask, shop: Shop) -> None:
    bounced = "SELECT max(id) AS id FROM outbox WHERE recipient = 'bob@example.com'"
    receipt = read_rows(sold, bounced)[0]["id"]
    assert tell(sold).told == 2
    change_rows(
        sold, "UPDATE outbox SET state = 'failed', last_error = 'bounced (5.1.1)' WHERE id = :it", it=receipt
    )
    shop.work()
    assert mails_of(sold, "new_release") == [("sent", None), LEFT_OUT]


def test_sends_news_that_came_back_once_more_where_the_owner_says_so(sold: Flask, shop: Shop) -> None:
    assert tell(sold).told == 2
    shop.work()
    change_rows(
        sold,
        "UPDATE outbox SET state = 'failed', last_error = 'bounced (5.1.1)' WHERE recipient = 'bob@example.com'",
    )
    (news,) = read_rows(sold, "SELECT id FROM outbox WHERE kind = 'new_release' AND recipient = 'bob@example.com'")
    with sold.app_context():
        retry_mails([news["id"]])
    shop.work()
    assert mails_of(sold, "new_release") == [("sent", None), ("sent", None)]


def test_reminds_no_dead_address_of_what_was_left(app: Flask, sandbox: SandboxClient, mailbox: Any) -> None:
    remind(app)
    sell(app, sandbox, ("soft-taps", ""), email=ADA)
    run_worker_once(app)
    leave(app, sandbox)
    deliver(app, sandbox)
    bounced = "UPDATE outbox SET state = 'failed', last_error = 'bounced (5.1.1)' WHERE kind = 'receipt'"
    change_rows(app, bounced)
    work_later(app)
    assert mails_of(app, "checkout_reminder") == [LEFT_OUT]


def test_tells_no_dead_address_what_can_be_bought(app: Flask, mailbox: Any) -> None:
    switch(app, is_on=False)
    confirmed(app, mailbox)
    bounce(app, ADA)
    mailbox.clear()
    switch(app, is_on=True)
    for _ in range(2):
        work_on_waiting(app)
    assert mails_of(app, "available") == [LEFT_OUT]
    assert mailbox.messages() == []


def test_tries_receipts_and_sign_in_links_all_the_same(shop: Shop, sandbox: SandboxClient) -> None:
    sell(shop.app, sandbox, email="bob@example.com")
    shop.work()
    bounce(shop.app, "bob@example.com")
    shop.mailbox.clear()
    sell(shop.app, sandbox, email="bob@example.com")
    Buyer(shop.app).post("/sign-in", email="bob@example.com")
    shop.work()
    kinds = read_rows(shop.app, "SELECT kind FROM outbox WHERE state = 'sent' ORDER BY kind")
    assert {"proof", "receipt"} <= {row["kind"] for row in kinds}
