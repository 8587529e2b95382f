"""A gift's day, and what giver, receiver, owner and bank do at the same moment: it arrives once, at who has it."""

import random
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from flask import Flask

from storefront.buyers.account.change_address import move_customer
from storefront.buyers.account.erase import erase_address
from storefront.core import clock
from storefront.core.errors import StorefrontError
from storefront.delivery.gift_changes import change_gift, correct_receiver, send_now
from storefront.delivery.hand_over import hand_over_due
from storefront.mail.letter import Mail
from storefront.mail.outbox import get_message
from storefront.messages.compose import compose
from storefront.orders.gifts import Wish
from storefront.payments.fulfillment.fulfill import Look, fulfill_checkout
from storefront.web.limits import limiter
from storefront.worker import deliver_outbox
from tests.races.waiting import in_app
from tests.support.databases import BOTH
from tests.support.gifts import give, hand_over, received_link
from tests.support.rows import read_rows
from tests.support.sale import Sale, sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer, keys_on

pytestmark = [pytest.mark.slow, pytest.mark.parametrize("engine", BOTH, indirect=True)]

GIFT = "SELECT gifts.*, orders.holder_id FROM gifts JOIN orders ON orders.id = order_id WHERE order_id = :id"
HOLDER = "SELECT email, email_key FROM customers WHERE id = :id"


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A gift that is due, and who wants something of it."""

    sale: Sale
    order_id: int
    number: str
    giver: str
    receiver: str
    other: str


def send(given: Given) -> None:
    send_now(given.order_id)


def change(given: Given) -> None:
    wish = Wish(email=given.other, from_name="Ada", message="Anew", send_on=clock.now().date())
    change_gift(given.order_id, wish)


def correct(given: Given) -> None:
    correct_receiver(given.number, given.other)


def refund(given: Given) -> None:
    fulfill_checkout(given.sale.session_id, Look.NOW)


def erase_giver(given: Given) -> None:
    erase_address(given.giver)


def erase_receiver(given: Given) -> None:
    erase_address(given.receiver)


def merge_receiver(given: Given) -> None:
    """With somebody who has orders here: two customers become one."""
    move_customer(given.receiver, "known@example.com")


def merge_giver(given: Given) -> None:
    move_customer(given.giver, "known@example.com")


RIVALS = (send, change, correct, refund, erase_giver, erase_receiver, merge_receiver, merge_giver)


def prepare(app: Flask, sandbox: SandboxClient, rival: Callable[[Given], None]) -> Given:
    limiter.reset()  # many carts of one address
    name = rival.__name__
    giver, receiver = f"{name}-giver@example.com", f"{name}-receiver@example.com"
    if rival in (erase_receiver, merge_receiver):
        sell(app, sandbox, email=receiver)  # is known before the gift comes
    sale = give(app, sandbox, how={"email": giver}, gift_email=receiver)
    if rival is refund:
        sale.refund()
    (order,) = read_rows(
        app, "SELECT id, number FROM orders WHERE checkout_session_id = :session", session=sale.session_id
    )
    return Given(
        sale=sale,
        order_id=order["id"],
        number=order["number"],
        giver=giver,
        receiver=receiver,
        other=f"{name}-other@example.com",
    )


def do(app: Flask, act: Callable[[], object]) -> None:
    """What a person is refused now, such as to change what was sent, is a normal end."""
    with suppress(StorefrontError):
        in_app(app, act)


def test_arrives_once_whatever_happens_at_that_moment(app: Flask, sandbox: SandboxClient, mailbox: Any) -> None:
    sell(app, sandbox, email="known@example.com")
    given = {rival: prepare(app, sandbox, rival) for rival in RIVALS}
    acts: list[Callable[[], object]] = [hand_over_due, deliver_outbox, hand_over_due, deliver_outbox]
    for rival, each in given.items():
        acts += [partial(rival, each), partial(rival, each)]
    random.Random(len(acts)).shuffle(acts)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda act: do(app, act), acts))
    hand_over(app)
    came = Counter(mail["to"][0] for mail in mailbox.messages() if "gift" in mail["subject"])
    assert set(came.values()) <= {1}
    for rival, each in given.items():
        known = {"known@example.com"} if rival is merge_receiver else set()
        check(app, rival, each, ({each.receiver, each.other} | known) & came.keys())
    assert read_rows(app, "SELECT id FROM outbox WHERE kind = 'gift' AND state IN ('queued', 'sending')") == []


def check(app: Flask, rival: Callable[[Given], None], given: Given, addresses: set[str]) -> None:
    (gift,) = read_rows(app, GIFT, id=given.order_id)
    if rival is refund:
        assert addresses <= {given.receiver}
        assert gift["handed_over_at"] is None or keys_on(page_of(given)) == []
        return
    assert gift["handed_over_at"] is not None, rival
    (holder,) = read_rows(app, HOLDER, id=gift["holder_id"])
    if gift["email"]:
        assert holder["email_key"] == gift["email_key"], rival
        assert len(keys_on(page_of(given))) == 1
    else:
        assert rival is erase_receiver
        assert holder["email"] == ""
    if rival is not erase_receiver:
        assert gift["email"] in addresses, rival
    if rival not in (correct, merge_receiver):
        assert len(addresses) <= 1, rival
    if rival is erase_giver:
        assert gift["from_name"] == gift["message"] == ""
    assert keys_on(Buyer(app).get(given.sale.link).text) == []


def page_of(given: Given) -> str:
    return Buyer(given.sale.app).get(received_link(given.sale)).text


def test_brings_no_word_of_its_giver_back_after_they_were_erased(app: Flask, sandbox: SandboxClient) -> None:
    """A form that was on its way when the erasing won."""
    given = prepare(app, sandbox, change)
    in_app(app, partial(erase_address, given.giver))
    with pytest.raises(StorefrontError, match="was erased"):
        in_app(app, partial(change, given))
    (gift,) = read_rows(app, GIFT, id=given.order_id)
    assert (gift["email"], gift["message"], gift["from_name"]) == (given.receiver, "", "")


def test_goes_along_when_its_receiver_moves_while_its_email_is_written(app: Flask, sandbox: SandboxClient) -> None:
    given = prepare(app, sandbox, merge_receiver)
    in_app(app, hand_over_due)
    (row,) = read_rows(app, "SELECT id FROM outbox WHERE kind = 'gift'")
    with app.test_request_context():
        message = get_message(row["id"])
        with ThreadPoolExecutor(1) as pool:
            pool.submit(in_app, app, partial(merge_receiver, given)).result()
        mail = compose(message)
        assert isinstance(mail, Mail)
        assert mail.recipient in (given.receiver, "known@example.com")


def test_lets_two_gifts_be_corrected_the_other_way_round_at_once(app: Flask, sandbox: SandboxClient) -> None:
    both = [prepare(app, sandbox, change), prepare(app, sandbox, correct)]
    in_app(app, hand_over_due)
    swapped = [(both[0].number, both[1].receiver), (both[1].number, both[0].receiver)]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda words: in_app(app, partial(correct_receiver, *words)), swapped * 2))
    emails = [read_rows(app, GIFT, id=each.order_id)[0]["email"] for each in both]
    assert emails == [both[1].receiver, both[0].receiver]
