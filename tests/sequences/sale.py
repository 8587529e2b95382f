"""One sale of three things, and every step that may happen around it; checked after each thorough look."""

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from io import BytesIO
from itertools import count
from typing import Any
from zipfile import ZipFile

import pytest
import requests
import stripe
from flask import Flask

from storefront.core import clock
from storefront.core.db import db
from storefront.core.money import digits
from storefront.delivery.hand_over import hand_over_due
from storefront.mail.letter import Mail
from storefront.orders.decide import NotPaid, decide
from storefront.orders.gift_links import gift_token
from storefront.orders.gifts import find_gift
from storefront.orders.models import Decision, Order
from storefront.orders.notices import close_notices
from storefront.payments.fulfillment.fulfill import Look, fulfill_checkout
from storefront.payments.fulfillment.outcome import Outcome
from storefront.payments.money.take_in import take_in_booked, take_in_payouts
from storefront.stripe_api.gateway import Gateway
from storefront.stripe_api.seen import SeenCheckout
from tests.owner.accounting.reading import read_file, sums_at_stripe, sums_of
from tests.sequences.expected import Memory, expect
from tests.sequences.shop_state import ALL_OF_IT, FILES, LINK, compose_mails, downloads_on, keys_in, read_state
from tests.sequences.steps import (
    ENDS,
    STATUSES,
    AtStripe,
    CloseNotice,
    Decide,
    Deliver,
    HandOver,
    LoadPages,
    MoveDispute,
    NameItems,
    OpenDispute,
    PayAfterFailure,
    Reconcile,
    Refund,
    SendMoney,
    SettlePayment,
    SettleRefund,
    Step,
    WarnOfFraud,
)
from tests.sequences.stripes_word import StripesWord, ask_stripe
from tests.support.rows import read_rows
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer, keys_on, post_event
from tests.support.ways_to_pay import end_payment

numbers = count(1)
PRICE = re.compile(r"[$€£¥]")
ORDER = "SELECT id, number, payment_intent_id FROM orders WHERE checkout_session_id = :session"


class WatchedGateway(Gateway):
    """The real gateway; notes of each look at a Session whether it was thorough."""

    def __init__(self, real: Gateway) -> None:
        self.__dict__.update(real.__dict__)
        self.looks: list[bool] = []

    def get_checkout(self, session_id: str, *, thorough: bool = False) -> SeenCheckout:
        seen = super().get_checkout(session_id, thorough=thorough)
        self.looks.append(seen.payment is not None and seen.payment.after_sale is not None)
        return seen


@dataclass(slots=True, kw_only=True)
class Sale:
    app: Flask
    sandbox: SandboxClient
    gateway: WatchedGateway
    session_id: str
    payment: str
    method: str
    buyer: Buyer
    newest_before: str
    is_gift: bool = False
    memory: Memory = field(default_factory=Memory)
    files: dict[int, str] = field(default_factory=dict)
    word: StripesWord | None = None  # forgotten with every step at Stripe

    def take(self, step: Step) -> None:
        if isinstance(step, AtStripe):
            with suppress(stripe.InvalidRequestError, requests.HTTPError):  # Stripe's no is no news
                self._at_stripe(step)
            self.word = None
            return
        self.gateway.looks.clear()
        self._in_shop(step)
        if self.gateway.looks and self.order():
            thorough = any(self.gateway.looks)
            self.memory.note_look(self.stripes_word(), thorough=thorough)
            if thorough:
                self.check()

    def finish(self, *, by_event: bool) -> None:
        """The last news that reaches the shop: an event it has not had yet, or a look of its own."""
        rows = read_rows(self.app, "SELECT id FROM stripe_events WHERE handled_at IS NOT NULL")
        handled = {row["id"] for row in rows}
        events = [event for event in self.events() if event["id"] not in handled and is_about_payment(event)]
        self.gateway.looks.clear()
        if by_event and events and self.order():
            assert post_event(self.app, events[0]).status_code == 200
        else:
            self.look()
        assert any(self.gateway.looks) or not self.stripes_word().is_paid
        self.memory.note_look(self.stripes_word(), thorough=any(self.gateway.looks))
        self.hand_over()
        if self.is_gift and expect(self.stripes_word(), self.memory).allowed:
            assert self.memory.is_sent
        self.check()
        self.check_mails()
        self.check_downloads()
        self.check_money()

    def order(self) -> dict[str, Any] | None:
        rows = read_rows(self.app, ORDER, session=self.session_id)
        return rows[0] if rows else None

    def stripes_word(self) -> StripesWord:
        if self.word is None:
            self.word = ask_stripe(self.sandbox, self.session_id)
        return self.word

    def events(self) -> list[dict[str, Any]]:
        """Newest first."""
        params: Any = {"ending_before": self.newest_before, "limit": 100}
        listed: list[dict[str, Any]] = self.sandbox.stripe.v1.events.list(params).to_dict(for_json=True)["data"]
        return listed

    def look(self) -> Outcome:
        with self.app.app_context():
            try:
                return fulfill_checkout(self.session_id, Look.NOW).outcome
            finally:
                db.session.remove()

    def _charge(self) -> str:
        return str(self.sandbox.stripe.v1.payment_intents.retrieve(self.payment).latest_charge)

    def _at_stripe(self, step: AtStripe) -> None:
        word, control = self.stripes_word(), self.sandbox.control
        match step:
            case Refund(amount, items):
                params: Any = {"payment_intent": self.payment}
                params |= {"amount": amount} if amount else {}
                params |= {"metadata": {"storefront_items": items}} if items else {}
                self.sandbox.stripe.v1.refunds.create(params)
            case SettleRefund(which, turn) if word.refunds:
                path = f"refunds/{pick(word.refunds, which)}/settle"
                first_that_works(lambda result: control(path, result=result), ENDS, turn)
            case NameItems(which, items) if word.refunds:
                named: Any = {"metadata": {"storefront_items": items}}
                self.sandbox.stripe.v1.refunds.update(pick(word.refunds, which), named)
            case OpenDispute(status):
                control(f"charges/{self._charge()}/dispute", status=status)
            case MoveDispute(which, turn) if word.disputes:
                path = f"disputes/{pick(word.disputes, which)}/move"
                first_that_works(lambda status: control(path, status=status), STATUSES, turn)
            case WarnOfFraud():
                control(f"charges/{self._charge()}/fraud_warning")
            case SettlePayment(result):
                end_payment(self.sandbox, self.method, self.payment, result)
            case PayAfterFailure():
                control(f"payment_intents/{self.payment}/settle_after_failure")
            case SendMoney(amount):
                control(f"payment_intents/{self.payment}/fund", amount=amount)

    def _in_shop(self, step: Step) -> None:
        match step:
            case Deliver(which):
                events = self.events()
                assert post_event(self.app, events[which % len(events)]).status_code == 200
            case LoadPages():
                self.load_pages()
            case Reconcile():
                self.look()
            case Decide(decision):
                self.decide(decision)
            case CloseNotice(which):
                self.close_notice(which)
            case HandOver():
                self.hand_over()

    def load_pages(self) -> None:
        page = self.buyer.land(self.session_id)
        assert page.status_code == 200, page.text
        if self.memory.link:
            page = self.buyer.get(self.memory.link)
        if link := LINK.search(page.text):
            self.memory.link = self.memory.link or link[0]
            assert link[0] == self.memory.link
        goods = self.goods_page(page.text)
        shown = keys_on(goods)
        if shown:
            self.memory.keys = self.memory.keys or tuple(shown)
            assert tuple(shown) == self.memory.keys
        self.files |= downloads_on(goods)

    def goods_page(self, buyers: str) -> str:
        """Where keys and files are: of a gift that is with its receiver their page, before that nowhere."""
        if not self.is_gift:
            return buyers
        assert not keys_on(buyers)
        assert not downloads_on(buyers)
        if not self.memory.is_sent:
            return ""
        received = self.buyer.get(self.goods_link()).text
        received = received[received.find("<main") :]
        assert not PRICE.search(received)
        return received

    def goods_link(self) -> str:
        order = self.order()
        assert order
        if not self.is_gift:
            return self.memory.link
        with self.app.app_context():
            row = db.session.get_one(Order, order["id"])
            gift = find_gift(row)
            assert gift
            link = f"/orders/{gift_token(row, gift)}"
            db.session.remove()
        return link

    def hand_over(self) -> None:
        order = self.order()
        if not self.is_gift or order is None:
            return
        with self.app.app_context():
            hand_over_due()
            db.session.remove()
        handed = "SELECT id, token_version FROM gifts WHERE order_id = :id AND handed_over_at IS NOT NULL"
        rows = read_rows(self.app, handed, id=order["id"])
        assert rows or not self.memory.is_sent
        if rows:
            self.memory.is_sent = True
            self.memory.mails.add(("gift", f"{rows[0]['id']}:1"))
            assert rows[0]["token_version"] == 1

    def decide(self, decision: Decision) -> None:
        order = self.order()
        if order is None:
            return
        is_paid = read_rows(self.app, "SELECT is_paid FROM orders WHERE id = :id", id=order["id"])[0]["is_paid"]
        with self.app.app_context():
            if decision is Decision.ALLOW and not is_paid:
                with pytest.raises(NotPaid):
                    decide(order["number"], decision)
            else:
                decide(order["number"], decision)
                self.memory.decision = decision
            db.session.remove()

    def close_notice(self, which: int) -> None:
        order = self.order() or {"id": 0}
        rows = read_rows(
            self.app,
            "SELECT id, kind, subject FROM notices WHERE order_id = :id AND closed_at IS NULL ORDER BY id",
            id=order["id"],
        )
        if rows:
            row = rows[which % len(rows)]
            with self.app.app_context():
                close_notices([row["id"]])
                db.session.remove()
            self.memory.done.add((row["kind"], row["subject"]))

    def check(self) -> None:
        """Right after a thorough look the shop says what Stripe says."""
        order = self.order()
        assert order
        self.memory.number = order["number"]
        self.load_pages()
        wanted = expect(self.stripes_word(), self.memory)
        link = self.memory.link or f"/orders/{read_token(self.app, order['id'])}"
        goods = self.goods_page(self.buyer.get(link).text)
        if self.is_gift and not self.memory.is_sent:
            wanted = replace(wanted, open_items=frozenset())
        state = read_state(
            self.app, order["id"], self.buyer, link, wanted.reason, goods=goods, is_gift=self.is_gift
        )
        assert state == wanted
        assert len(keys_on(goods)) == (2 if 1 in wanted.open_items else 0)

    def check_mails(self) -> None:
        """As they would leave now: keys in the receipt alone, and only open ones; to the owner no order link."""
        order = self.order()
        assert order
        wanted = expect(self.stripes_word(), self.memory)
        with_keys = "gift" if self.is_gift else "receipt"
        for kind, mails in compose_mails(self.app, order["id"]).items():
            for mail in mails:
                assert isinstance(mail, Mail) or mail
                if not isinstance(mail, Mail):
                    assert kind not in ("receipt", with_keys) or not wanted.allowed
                    continue
                keys = keys_in(mail)
                assert kind == with_keys or not keys
                assert kind != with_keys or (wanted.allowed and len(keys) == (2 if 1 in wanted.open_items else 0))
                assert kind != "gift" or not PRICE.search(mail.text)
                assert not self.memory.keys or set(keys) <= set(self.memory.keys)
                if kind in ("dispute_opened", "fraud_warning"):
                    assert "/orders/" not in mail.text + mail.html

    def check_money(self) -> None:
        """The accountant's file has all that Stripe ever booked, to the cent, and what this order brought."""
        order = self.order()
        assert order
        with self.app.app_context():
            take_in_booked(clock.now() - timedelta(days=1))
            take_in_payouts()
            db.session.remove()
        rows = read_file(self.app)
        assert sums_of(rows) == sums_at_stripe(self.sandbox)
        own = [row for row in rows if row["order"] == order["number"] and not row["kind"].startswith("dispute")]
        word = self.stripes_word()
        brought = sum(Decimal(row["total"] or 0).scaleb(digits(row["currency"])) for row in own)
        assert brought == (word.total if word.is_paid else 0) - word.refunded
        assert all(row["booked"] == "yes" for row in own)

    def check_downloads(self) -> None:
        """Links of earlier pages open what is open now, and nothing else."""
        wanted = expect(self.stripes_word(), self.memory)
        for position, link in self.files.items():
            with self.buyer.get(link) as answer:
                assert answer.status_code == (200 if position in wanted.open_items else 403)
        if self.files:
            assert self.memory.link
            link = self.goods_link()
            with self.buyer.get(f"{link.replace('orders', 'downloads')}/{ALL_OF_IT}") as answer:
                assert answer.status_code == (200 if wanted.open_items else 403)
                if wanted.open_items:
                    assert {FILES[name] for name in ZipFile(BytesIO(answer.data)).namelist()} == wanted.open_items


def pick(of: dict[str, Any], which: int) -> str:
    return list(of)[which % len(of)]


def first_that_works(act: Callable[[str], Any], words: tuple[str, ...], turn: int) -> None:
    """From the word whose turn it is: most turns of a dispute are not possible at most times."""
    for place in range(len(words)):
        with suppress(requests.HTTPError):
            act(words[(turn + place) % len(words)])
            return


def is_about_payment(event: dict[str, Any]) -> bool:
    """By the names in Stripe's documentation: what takes money back, or may."""
    kind = str(event["type"])
    names = ("charge.refunded", "refund.", "charge.dispute.", "radar.early_fraud_warning.")
    return kind.startswith(names)


def read_token(app: Flask, order_id: int) -> str:
    from storefront.orders.links import order_token

    with app.app_context():
        token = order_token(db.session.get_one(Order, order_id))
        db.session.remove()
    return token
