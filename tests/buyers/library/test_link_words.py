"""What is said of an order's link: that anybody can open it, or that another browser asks for a mailed code."""

import html
import re
from dataclasses import replace

import pytest
from flask import Flask

from storefront.core.config.settings import Settings
from storefront.core.places import FRONT
from storefront.devtools.mailbox.server import MailboxServer
from tests.delivery.licenses.pools import bring, make_pool, numbered
from tests.payments.buy.frames import Frame, allow, session_on
from tests.support.gifts import give, hand_over, received_link
from tests.support.sale import link_of, sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer, run_worker_once

ANYBODY = re.compile("Anyone with (this|its|the) link can open it, so keep it private")
CODE = "In another browser it asks for a code, which we email to you."
# Who gets an email may have paid in a frame, got a gift or paid nothing: then no browser has been there yet.
MAILED = "In a browser where you haven't opened it yet, it asks for a code, which we email to you."
EVERYWHERE = "The link asks for a code, which we email to you."


@pytest.fixture(params=[False, True], ids=["open", "with a code"])
def settings(settings: Settings, request: pytest.FixtureRequest) -> Settings:
    return replace(settings, order_page_code=request.param)


def check(settings: Settings, *texts: str, words: str = CODE) -> None:
    for text in texts:
        said = " ".join(html.unescape(text).split())
        asks = [sentence for sentence in (CODE, MAILED, EVERYWHERE) if sentence in said]
        assert asks == ([words] if settings.order_page_code else [])
        assert bool(ANYBODY.search(said)) is not settings.order_page_code


def check_mails(settings: Settings, mailbox: MailboxServer, count: int) -> None:
    mails = mailbox.messages()
    assert len(mails) == count
    for mail in mails:
        check(settings, str(mail["text"]), str(mail["html"]), words=MAILED)


def test_says_it_after_paying_and_in_the_receipt(
    settings: Settings, app: Flask, sandbox: SandboxClient, mailbox: MailboxServer
) -> None:
    sale = sell(app, sandbox)
    check(settings, sale.buyer.land(sale.session_id).text)
    sale.deliver("checkout.session.completed")
    run_worker_once(app)
    check_mails(settings, mailbox, 1)


def test_says_it_to_giver_and_receiver_of_a_gift(
    settings: Settings, app: Flask, sandbox: SandboxClient, mailbox: MailboxServer
) -> None:
    sale = give(app, sandbox)
    sale.deliver("checkout.session.completed")
    hand_over(app)
    check_mails(settings, mailbox, 2)
    if not settings.order_page_code:  # its own browser would have to type the code
        check(settings, Buyer(app).get(received_link(sale)).text)


def test_says_it_with_keys_that_were_waited_for(
    settings: Settings, app: Flask, sandbox: SandboxClient, mailbox: MailboxServer
) -> None:
    make_pool(app)
    bring(app, numbered(1))
    for sale in (sell(app, sandbox), sell(app, sandbox)):
        sale.deliver("checkout.session.completed")
    run_worker_once(app)
    bring(app, numbered(1, start=2))
    run_worker_once(app)
    check_mails(settings, mailbox, 3)


def test_says_in_a_frame_that_every_browser_asks(settings: Settings, app: Flask, sandbox: SandboxClient) -> None:
    """Also this one: a frame is trusted with nothing later."""
    allow(app)
    framed = Frame(app)
    form = framed.send(framed.look("/buy/twinspot?edition=personal"))
    sandbox.pay(session_on(form))
    for _ in range(2):
        landed = framed.send(form)
        check(settings, landed.text, words=EVERYWHERE)
        (link,) = re.findall(r'href="[^"]*(/orders/[^"]+)"', landed.text)
        assert Buyer(app).get(link).status_code == (303 if settings.order_page_code else 200)


def test_says_of_what_was_free_that_every_browser_asks(
    settings: Settings, app: Flask, sandbox: SandboxClient
) -> None:
    buyer = Buyer(app)
    buyer.add("gridling")
    session_id = buyer.check_out()
    sandbox.pay(session_id, payment_method=None)
    for _ in range(2):
        page = buyer.land(session_id).text
        assert (EVERYWHERE in page) is settings.order_page_code
        assert ("It works on any device." in page) is not settings.order_page_code
        assert "Open the link in the email to download." in page
    link = link_of(app, session_id)
    assert buyer.get(link).status_code == (303 if settings.order_page_code else 200)


def test_finds_no_template_that_calls_a_link_open_whatever_the_owner_wants() -> None:
    for template in (FRONT / "templates").rglob("*.*"):
        text = template.read_text(encoding="utf-8")
        assert len(ANYBODY.findall(text)) <= text.count("shop.order_page_code") * 2, template
