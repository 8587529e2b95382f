"""One email for each checkout that was left, only to who agreed, and only while it is still true."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask

from storefront.buyers.account.erase import erase_address
from storefront.buyers.reminders.readers import stop_address
from storefront.core import clock
from storefront.core.db import db, transaction
from storefront.customers.models import Customer
from tests.support.databases import BOTH
from tests.support.goods import change_product
from tests.support.left import (
    EXPIRED,
    answer,
    begin,
    deliver,
    events,
    expire,
    leave,
    remind,
    reminders,
    work_later,
)
from tests.support.rows import change_rows, read_rows
from tests.support.sale import COMPLETED
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import ADA, Buyer, make_event, post_event, run_worker_once

both = pytest.mark.parametrize("engine", BOTH, indirect=True)
LEFT = "SELECT * FROM abandoned_checkouts ORDER BY id"


@pytest.fixture
def reminding(app: Flask) -> Flask:
    """A shop that sends reminders."""
    remind(app)
    return app


@pytest.mark.happy_path
@both
def test_writes_once_to_who_agreed_and_left(reminding: Flask, sandbox: SandboxClient, mailbox: Any) -> None:
    _buyer, session_id = leave(reminding, sandbox)
    for _ in range(2):
        deliver(reminding, sandbox)
    run_worker_once(reminding)
    assert mailbox.messages() == []  # who has only lost a tab needs no email
    for _ in range(2):
        work_later(reminding)
    (mail,) = mailbox.messages(to=ADA)
    link = sandbox.stripe.v1.checkout.sessions.retrieve(session_id).after_expiration.recovery.url  # type: ignore[union-attr]
    for body in (mail["text"], mail["html"]):
        assert str(link) in body
        assert "$19.00" in body
        assert "Twinspot" in body
    assert "You haven't been charged" in mail["text"]
    assert "you agreed at checkout to hear from us" in mail["text"]
    (row,) = read_rows(reminding, LEFT)
    assert (row["email"], row["total_minor"]) == (ADA, 1900)


@both
def test_writes_once_whoever_hears_of_it_at_the_same_moment(
    reminding: Flask, sandbox: SandboxClient, mailbox: Any
) -> None:
    leave(reminding, sandbox)
    (event,) = events(sandbox)
    others = [make_event(EXPIRED, event["data"]["object"]["id"], event_id=f"evt_other{number}") for number in "12"]
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda each: post_event(reminding, each).status_code, [event, *others] * 2))
    assert set(answers) == {200}
    with time_machine.travel(clock.now() + timedelta(hours=2), tick=True), ThreadPoolExecutor(3) as pool:
        list(pool.map(run_worker_once, [reminding] * 3))
    assert len(mailbox.messages()) == 1
    assert reminders(reminding) == [("sent", None)]


@pytest.mark.parametrize(
    "typed",
    [{"consent": "opt_out"}, {"consent": ""}, {"email": ""}],
    ids=["said no", "said nothing", "no address"],
)
def test_keeps_nothing_of_who_did_not_agree(
    reminding: Flask, sandbox: SandboxClient, typed: dict[str, str]
) -> None:
    leave(reminding, sandbox, **typed)
    deliver(reminding, sandbox)
    assert read_rows(reminding, LEFT) == []
    assert reminders(reminding) == []


def test_hears_of_it_from_the_page_where_no_webhook_comes(reminding: Flask, sandbox: SandboxClient) -> None:
    buyer, session_id = leave(reminding, sandbox)
    for _ in range(2):
        buyer.land(session_id)
    deliver(reminding, sandbox)
    assert [row["checkout_session_id"] for row in read_rows(reminding, LEFT)] == [session_id]
    assert reminders(reminding) == [("queued", None)]


def test_keeps_nothing_while_it_is_switched_off(reminding: Flask, sandbox: SandboxClient) -> None:
    leave(reminding, sandbox)
    remind(reminding, is_on=False)
    deliver(reminding, sandbox)
    assert read_rows(reminding, LEFT) == []


def test_keeps_nothing_of_who_wants_no_reminders(reminding: Flask, sandbox: SandboxClient) -> None:
    leave(reminding, sandbox)
    with reminding.app_context(), transaction() as session:
        stop_address(session, " ADA@example.com")
    deliver(reminding, sandbox)
    assert read_rows(reminding, LEFT) == []


def test_keeps_nothing_of_a_session_that_is_not_expired(reminding: Flask, sandbox: SandboxClient) -> None:
    _buyer, session_id = begin(reminding)
    answer(sandbox, session_id)
    early = make_event(EXPIRED, session_id)
    assert post_event(reminding, early).status_code == 200
    # It is looked at again.
    assert read_rows(reminding, "SELECT handled_at FROM stripe_events") == [{"handled_at": None}]
    sandbox.pay(session_id)
    post_event(reminding, early)
    assert read_rows(reminding, LEFT) == []


# Between the event and the email.


def buy_with_the_address(app: Flask, sandbox: SandboxClient, _buyer: Buyer) -> None:
    _other, session_id = begin(app, Buyer(app))
    sandbox.pay(session_id, email="Ada@Example.com")
    deliver(app, sandbox, COMPLETED)


def buy_in_the_browser(app: Flask, sandbox: SandboxClient, buyer: Buyer) -> None:
    """The form has expired, so the cart starts another checkout, and is paid with another address."""
    session_id = buyer.check_out()
    sandbox.pay(session_id, email="work@example.com")
    buyer.land(session_id)


def change_the_cart(app: Flask, _sandbox: SandboxClient, buyer: Buyer) -> None:
    buyer.add("the-patient-toolmaker")
    buyer.check_out()


def erase(app: Flask, _sandbox: SandboxClient, _buyer: Buyer) -> None:
    with app.app_context():
        erase_address(ADA)
        db.session.remove()


def stop(app: Flask, _sandbox: SandboxClient, _buyer: Buyer) -> None:
    with app.app_context(), transaction() as session:
        stop_address(session, ADA)


def want_no_news(app: Flask, _sandbox: SandboxClient, _buyer: Buyer) -> None:
    with app.app_context(), transaction() as session:
        session.add(Customer(mode="sandbox", email=ADA, email_key=ADA, unsubscribed_at=clock.now()))


def switch_off(app: Flask, _sandbox: SandboxClient, _buyer: Buyer) -> None:
    remind(app, is_on=False)


def retire(app: Flask, _sandbox: SandboxClient, _buyer: Buyer) -> None:
    change_product(app, "twinspot", state="retired")


def let_the_link_expire(app: Flask, _sandbox: SandboxClient, _buyer: Buyer) -> None:
    change_rows(app, "UPDATE abandoned_checkouts SET url_expires_at = created_at")


WRITTEN = "this address wants no reminders, or had another one within a week"
BOUGHT = "the same was bought meanwhile"


@pytest.mark.parametrize(
    ("happens", "reason"),
    [
        (buy_with_the_address, BOUGHT),
        (buy_in_the_browser, "another Session took its place"),
        (change_the_cart, "another Session took its place"),
        (erase, "what it tells of was deleted"),
        (stop, WRITTEN),
        (want_no_news, "no news are wanted"),
        (switch_off, "reminders are switched off"),
        (retire, "nothing in it is for sale any more"),
        (let_the_link_expire, "its link has expired"),
    ],
)
def test_does_not_write_when_meanwhile(
    reminding: Flask,
    sandbox: SandboxClient,
    mailbox: Any,
    happens: Callable[[Flask, SandboxClient, Buyer], None],
    reason: str,
) -> None:
    buyer, _session_id = leave(reminding, sandbox)
    deliver(reminding, sandbox)
    happens(reminding, sandbox, buyer)
    work_later(reminding)
    assert reminders(reminding) == [("canceled", reason)]
    assert [mail for mail in mailbox.messages() if mail["subject"].startswith("Your checkout")] == []


def test_does_not_write_when_the_same_browser_has_bought_it_at_once(
    reminding: Flask, sandbox: SandboxClient, mailbox: Any
) -> None:
    """By "Buy now", with another address: the cart's own checkout is as it was left."""
    buyer, session_id = begin(reminding)
    answer(sandbox, session_id)
    price_id = buyer.add()
    form = buyer.post("/checkout/now", price_id=price_id, nonce=buyer.nonce())
    bought = buyer.session_on(buyer.get(form.location))
    sandbox.pay(bought, email="work@example.com")
    buyer.land(bought)
    expire(sandbox, session_id)
    deliver(reminding, sandbox)
    work_later(reminding)
    assert reminders(reminding) == [("canceled", BOUGHT)]


def test_writes_when_the_same_was_bought_long_before(
    reminding: Flask, sandbox: SandboxClient, mailbox: Any
) -> None:
    with time_machine.travel(clock.now() - timedelta(days=2), tick=True):
        _buyer, bought = begin(reminding)
        sandbox.pay(bought)
        deliver(reminding, sandbox, COMPLETED)
    leave(reminding, sandbox)
    deliver(reminding, sandbox)
    work_later(reminding)
    assert reminders(reminding) == [("sent", None)]


@both
def test_writes_to_an_address_once_in_a_week(reminding: Flask, sandbox: SandboxClient, mailbox: Any) -> None:
    for email in (ADA, "Ada@Example.com", "bob@example.com"):
        leave(reminding, sandbox, email=email)
    deliver(reminding, sandbox)
    with time_machine.travel(clock.now() + timedelta(hours=2), tick=True), ThreadPoolExecutor(3) as pool:
        list(pool.map(run_worker_once, [reminding] * 3))  # two of one address at the same moment
    assert sorted(reminders(reminding), key=str) == [("canceled", WRITTEN), ("sent", None), ("sent", None)]
    with time_machine.travel(clock.now() + timedelta(days=8), tick=True):
        leave(reminding, sandbox)
        deliver(reminding, sandbox)
        work_later(reminding)
    assert len(mailbox.messages()) == 3


def test_tries_again_what_the_server_refused(reminding: Flask, sandbox: SandboxClient, mailbox: Any) -> None:
    leave(reminding, sandbox)
    deliver(reminding, sandbox)
    change_rows(reminding, "UPDATE outbox SET recipient = 'ada@exa mple.com'")  # no address any more
    work_later(reminding)
    assert reminders(reminding)[0][0] != "sent"
    change_rows(reminding, "UPDATE outbox SET recipient = 'ada@example.com', state = 'queued', attempts = 0")
    work_later(reminding)
    assert reminders(reminding)[0][0] == "sent"  # its turn of the week was its own
