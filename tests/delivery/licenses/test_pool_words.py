"""One key and several, in what is said of pools: to the owner, and to buyers who wait."""

import html

from flask import Flask

from storefront.devtools.mailbox.server import MailboxServer
from tests.delivery.licenses.pools import bring, make_pool, numbered
from tests.support.rows import read_rows
from tests.support.sale import sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer, post_event, run_worker_once

NOTICES = "SELECT text FROM notices WHERE kind = 'pool_low' AND closed_at IS NULL"


def words_of(text: object) -> str:
    return " ".join(html.unescape(str(text)).split())


def test_counts_one_key_as_one_in_the_notice(app: Flask, sandbox: SandboxClient) -> None:
    make_pool(app)
    bring(app, numbered(2))
    for said in ("has 3 license keys left, or fewer.", "has only 1 license key left, or fewer."):
        assert [said in row["text"] for row in read_rows(app, NOTICES)] == [True]
        sell(app, sandbox)


def test_calls_several_keys_them_in_emails(app: Flask, sandbox: SandboxClient, mailbox: MailboxServer) -> None:
    make_pool(app)
    bring(app, numbered(1))
    buyer = Buyer(app)
    buyer.add("twinspot", "Personal", quantity=5)
    sandbox.pay(buyer.check_out())
    for event in sandbox.read("events")["data"]:
        post_event(app, event)
    for more in (0, 2, 1):
        if more:
            bring(app, numbered(more, start=10 * more))
        run_worker_once(app)
    last, two_more, receipt = mailbox.messages()
    for text in (receipt["text"], receipt["html"]):
        said = words_of(text)
        assert "4 license keys are not in stock right now. We'll email them as soon as the shop has" in said
    for text in (two_more["text"], two_more["html"]):
        said = words_of(text)
        assert "2 more keys are not in stock yet. We'll email them as soon as the shop has" in said
    assert "One more key is not in stock yet. We'll email it as soon as" in words_of(last["text"])
