"""A refund that waits until its buyer has told Stripe where the money should go: what is said, and how it ends."""

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask

from storefront.core.languages import Language
from storefront.shop.emails.edit import change_words
from tests.support.databases import BOTH
from tests.support.letters import plain
from tests.support.people import make_person, sign_in_at_admin
from tests.support.prices import price_in
from tests.support.rows import change_rows, read_rows
from tests.support.sale import Sale, number_of, sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import ADA, keys_on
from tests.support.ways_to_pay import end_payment

both = pytest.mark.parametrize("engine", BOTH, indirect=True)
EVENTS = ("checkout.session.", "refund.", "charge.refund")
ASKED = (
    r"Stripe has emailed you to ask where the refund of ¥1,900 should go. Answer that email by \w+ \d+, \d{4}, or"
)
Mails = Any


@pytest.fixture
def sale(app: Flask, sandbox: SandboxClient, mailbox: Mails) -> Sale:
    """Paid at a convenience store, which cannot give money back by itself."""
    price_in(app, "jpy", 1900)
    sale = sell(app, sandbox, payment_method="konbini")
    end_payment(sandbox, "konbini", sale.payment().id)
    sale.deliver(*EVENTS)
    sale.work()
    return sale


def mails(mailbox: Mails, subject: str) -> list[dict[str, str]]:
    return [mail for mail in mailbox.messages(to=ADA) if subject in mail["subject"]]


def subjects(mailbox: Mails) -> list[str]:
    """What the buyer was told of refunds, in short, oldest first."""
    kinds = ("needs your answer", "didn't go through", "Refunded")
    told = [mail["subject"] for mail in mailbox.messages(to=ADA)][::-1]
    return [kind for subject in told for kind in kinds if kind in subject]


def end(sale: Sale, refund: str, result: str) -> None:
    sale.sandbox.control(f"refunds/{refund}/settle", result=result)
    sale.deliver(*EVENTS)


def test_asks_the_buyer_to_answer_stripe(sale: Sale, mailbox: Mails) -> None:
    sale.refund()
    sale.deliver(*EVENTS)
    sale.work()
    assert subjects(mailbox) == ["needs your answer"]
    (mail,) = mails(mailbox, "needs your answer")
    assert mail["subject"] == f"Your refund of ¥1,900 needs your answer: order {number_of(sale)}"
    for body in (mail["text"], plain(mail["html"])):
        assert re.search(ASKED, body)
        assert "Refund that needs your answer" in body
        assert "have sent" not in body
        assert "business days" not in body
        assert "Refunded on" not in body
    assert "Your refund needs your answer" in mail["html"]
    assert "on its way" not in mail["html"]


def test_says_on_the_pages_that_a_refund_waits(sale: Sale, app: Flask) -> None:
    sale.refund()
    sale.deliver(*EVENTS)
    page = plain(sale.order_page())
    assert re.search(ASKED, page)
    assert "Your refund needs your answer" in page
    assert "This order is being refunded, so its keys and downloads no longer work." in page
    assert "was refunded" not in page
    assert "Refund that needs your answer" in plain(sale.buyer.get(f"{sale.link}/receipt").text)
    assert sale.buyer.get(f"{sale.link}/receipt.pdf").status_code == 200
    shown = sign_in_at_admin(app, make_person(app)).get(f"/admin/orders/{number_of(sale)}").text
    assert "Stripe has emailed the buyer to ask where it should go" in shown
    assert "the buyer answers until" in shown


def test_says_so_of_a_part_where_everything_works(sale: Sale) -> None:
    sale.refund(amount=500)
    sale.deliver(*EVENTS)
    page = sale.order_page()
    assert len(keys_on(page)) == 1
    assert "ask where the refund of ¥500 should go" in page


def test_takes_it_off_no_total_while_it_waits(sale: Sale, mailbox: Mails) -> None:
    """The money comes back to the shop where nobody answers."""
    waiting = sale.refund(amount=500)
    sale.deliver(*EVENTS)
    sale.work()
    said = plain(sale.buyer.get(f"{sale.link}/receipt").text)
    assert re.search(r"Refund that needs your answer \W{1,2}¥500", said)
    (mail,) = mails(mailbox, "needs your answer")
    for body in (said, mail["text"], plain(mail["html"])):
        assert "Total after refunds" not in body
    end(sale, waiting, "succeeded")
    assert "Total after refunds ¥1,400" in plain(sale.buyer.get(f"{sale.link}/receipt").text)


def test_says_it_without_a_day_where_the_shop_did_not_ask_for_it_then(sale: Sale, app: Flask) -> None:
    """Of a refund that an older version took in."""
    sale.refund()
    sale.deliver(*EVENTS)
    change_rows(app, "UPDATE refunds SET answer_by = NULL")
    assert "Answer that email, or the refund ends." in plain(sale.order_page())


def test_says_the_shops_own_words_while_it_waits(sale: Sale, app: Flask, mailbox: Mails) -> None:
    with app.app_context():
        own = {"subject": "Money back", "heading": "Back", "body": "We sent {amount}."}
        change_words("refunded", Language.ENGLISH, own)
    sale.refund()
    sale.deliver(*EVENTS)
    sale.work()
    assert mails(mailbox, "needs your answer")
    assert not mails(mailbox, "Money back")


def test_says_once_that_the_money_is_sent_when_it_is_answered(sale: Sale, mailbox: Mails) -> None:
    refund = sale.refund()
    sale.deliver(*EVENTS)
    sale.work()
    end(sale, refund, "succeeded")
    for _ in range(2):
        sale.deliver(*EVENTS)
        sale.work()
    assert subjects(mailbox) == ["needs your answer", "Refunded"]
    assert "We have sent ¥1,900" in mails(mailbox, "Refunded: ¥1,900")[0]["text"]
    assert sale.open_notices() == []
    assert "This order was refunded" in sale.words()


def test_asks_also_where_stripe_looked_at_the_refund_first(sale: Sale, mailbox: Mails) -> None:
    refund = sale.at_charge("refund", outcome="pending")
    sale.deliver(*EVENTS)
    sale.work()
    sale.sandbox.control(f"refunds/{refund}/ask")
    for _ in range(2):
        sale.deliver(*EVENTS)
        sale.work()
    assert len(mails(mailbox, "Refunded: ¥1,900")) == 1
    (mail,) = mails(mailbox, "needs your answer")
    assert re.search(ASKED, mail["text"])
    end(sale, refund, "succeeded")
    sale.work()
    assert len(mails(mailbox, "Refunded: ¥1,900")) == 1
    assert subjects(mailbox) == ["Refunded", "needs your answer"]


def test_asks_nobody_once_it_is_answered(sale: Sale, mailbox: Mails) -> None:
    """Its buyer was quicker than the mail server."""
    refund = sale.refund()
    sale.deliver(*EVENTS)
    end(sale, refund, "succeeded")
    sale.work()
    assert mails(mailbox, "needs your answer") == []
    assert len(mails(mailbox, "Refunded: ¥1,900")) == 1
    states = read_rows(sale.app, "SELECT state FROM outbox WHERE kind = 'refunded' ORDER BY id")
    assert [row["state"] for row in states] == ["canceled", "sent"]


def test_asks_first_where_nothing_was_said_while_stripe_looked(sale: Sale, mailbox: Mails) -> None:
    refund = sale.at_charge("refund", outcome="pending")
    sale.deliver(*EVENTS)
    sale.sandbox.control(f"refunds/{refund}/ask")
    sale.deliver(*EVENTS)
    sale.work()
    assert mails(mailbox, "Refunded: ¥1,900") == []
    assert len(mails(mailbox, "needs your answer")) == 1
    end(sale, refund, "succeeded")
    change_rows(sale.app, "UPDATE outbox SET due_at = created_at WHERE state = 'paused'")
    sale.work()
    assert len(mails(mailbox, "Refunded: ¥1,900")) == 1


@both
@pytest.mark.parametrize(
    ("result", "words"), [("canceled", "It was canceled, so you"), ("failed", "It failed, so you")]
)
def test_corrects_itself_once_where_a_refund_ends_without_money(
    sale: Sale, mailbox: Mails, result: str, words: str
) -> None:
    refund = sale.refund()
    sale.deliver(*EVENTS)
    sale.work()
    end(sale, refund, result)
    for _ in range(2):
        sale.deliver(*EVENTS)
        sale.work()
    (mail,) = mails(mailbox, "didn't go through")
    assert mail["subject"] == f"Your refund of ¥1,900 didn't go through: order {number_of(sale)}"
    for body in (mail["text"], plain(mail["html"])):
        assert "We wrote to you about a refund of ¥1,900." in body
        assert words in body
        assert "Everything you bought keeps working." in body
    assert sale.open_notices() == ["refund_failed"]
    (notice,) = read_rows(sale.app, "SELECT text FROM notices WHERE closed_at IS NULL")
    ended = "was canceled" if result == "canceled" else "failed"
    assert f"the refund of ¥1,900 {ended}, so the buyer has no money back" in notice["text"]
    assert "Refunded" not in plain(sale.order_page())


@pytest.mark.parametrize("named", [None, "1"])
def test_corrects_nothing_that_another_refund_gave_back(sale: Sale, mailbox: Mails, named: str | None) -> None:
    how: dict[str, Any] = {} if named is None else {"amount": 500, "metadata": {"storefront_items": named}}
    first = sale.refund(**how)
    sale.deliver(*EVENTS)
    sale.work()
    sale.sandbox.control(f"refunds/{first}/settle", result="canceled")
    end(sale, sale.refund(**how), "succeeded")
    sale.work()
    assert mails(mailbox, "didn't go through") == []
    assert sale.promised()["refund_failed"] == "paused"


def test_corrects_a_part_that_came_to_nothing_beside_another(sale: Sale, mailbox: Mails) -> None:
    """Two refunds of one amount may both have been meant."""
    first = sale.refund(amount=500)
    sale.refund(amount=500)
    sale.deliver(*EVENTS)
    sale.work()
    end(sale, first, "canceled")
    sale.work()
    assert len(mails(mailbox, "didn't go through")) == 1


def test_corrects_nothing_that_failed_long_ago(sale: Sale, app: Flask, mailbox: Mails) -> None:
    """While an older version ran, which corrected nothing."""
    refund = sale.refund()
    sale.deliver(*EVENTS)
    sale.work()
    sale.sandbox.control(f"refunds/{refund}/settle", result="failed")
    change_rows(app, "UPDATE refunds SET status = 'failed'")
    sale.deliver(*EVENTS)
    sale.work()
    assert mails(mailbox, "didn't go through") == []
    assert "refund_failed" not in sale.promised()
    assert sale.open_notices() == ["refund_failed"]


def test_corrects_nothing_that_nobody_was_told(sale: Sale, mailbox: Mails) -> None:
    refund = sale.refund()
    sale.deliver(*EVENTS)
    end(sale, refund, "canceled")
    sale.work()
    assert subjects(mailbox) == []
    assert "refund_failed" not in sale.promised()


@both
def test_corrects_itself_once_where_everybody_looks_at_the_same_moment(sale: Sale, mailbox: Mails) -> None:
    refund = sale.refund()
    sale.deliver(*EVENTS)
    sale.work()
    sale.sandbox.control(f"refunds/{refund}/settle", result="canceled")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: sale.deliver("refund.updated", times=1), range(4)))
    sale.work()
    assert len(mails(mailbox, "didn't go through")) == 1


@pytest.mark.parametrize(("left", "state"), [(True, "sent"), (False, "canceled")])
def test_waits_for_what_is_leaving_at_that_moment(sale: Sale, mailbox: Mails, left: bool, state: str) -> None:
    """A worker has rendered the email of the refund, and the mail server has not answered yet."""
    refund = sale.refund()
    sale.deliver(*EVENTS)
    claimed = "state = 'sending', attempts = 1, claimed_at = CURRENT_TIMESTAMP"
    change_rows(sale.app, f"UPDATE outbox SET {claimed} WHERE kind = 'refunded'")
    end(sale, refund, "canceled")
    sale.work()
    assert sale.promised()["refund_failed"] == "paused"
    ends = "state = 'sent'" if left else "state = 'failed'"
    change_rows(sale.app, f"UPDATE outbox SET {ends}, claimed_at = NULL WHERE kind = 'refunded'")
    change_rows(sale.app, "UPDATE outbox SET due_at = created_at WHERE kind = 'refund_failed'")
    sale.work()
    assert sale.promised()["refund_failed"] == state
    assert len(mails(mailbox, "didn't go through")) == left
