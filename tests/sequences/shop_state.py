"""What the shop has of one order: its rows, and what the buyer's pages show and open."""

import html
import re

from flask import Flask

from storefront.buyers.library.order_words import SOME_ITEMS_REFUNDED
from storefront.core.db import db
from storefront.core.runtime import runtime
from storefront.mail.letter import Mail
from storefront.mail.models import OutboxMessage
from storefront.messages.compose import compose
from storefront.orders.access import Access, Reason, sentence_for_buyer
from tests.sequences.expected import State
from tests.support.rows import read_rows
from tests.support.sale import REFUND_DAY
from tests.support.shop import Buyer, keys_on

FILES = {"twinspot-2.1.zip": 1, "gridling-1.0.ttf": 1, "the-patient-toolmaker.epub": 2, "soft-taps-1.2.zip": 3}
LINK = re.compile(r"/orders/[0-9a-f]{32}")
DOWNLOAD = re.compile(r'href="([^"]*/downloads/[^"]+)"')
ALL_OF_IT = "all.zip"


def downloads_on(page: str) -> dict[int, str]:
    """Position of the item -> address of its file."""
    links = [html.unescape(link) for link in DOWNLOAD.findall(page)]
    named = ((link.rpartition("/")[2], link) for link in links)
    return {FILES[name]: link for name, link in named if name != ALL_OF_IT}


# The page says why: the bank refused, a voucher was not paid, or a transfer was given up.
PAGES = {"payment_failed": "The payment didn't go through"}


def read_state(
    app: Flask, order_id: int, buyer: Buyer, link: str, reason: str, *, goods: str, is_gift: bool = False
) -> State:
    """`reason` is the expected one: the page's words are held against its sentence. `goods` has the files."""
    page = buyer.get(link).text
    text = re.sub(REFUND_DAY, "", html.unescape(re.sub(r"\s+", " ", page)))
    items = read_rows(app, "SELECT position, is_refunded FROM order_items WHERE order_id = :id", id=order_id)
    named = frozenset(row["position"] for row in items if row["is_refunded"])
    allowed = "<h1>Your order</h1>" in text
    has_closed_items = allowed and named and reason != "allowed_by_shop"
    sentence = SOME_ITEMS_REFUNDED if has_closed_items else PAGES.get(reason, _sentence(reason, is_gift=is_gift))
    notices = read_rows(
        app, "SELECT kind, subject FROM notices WHERE order_id = :id AND closed_at IS NULL", id=order_id
    )
    mails = read_rows(app, "SELECT kind, about, dedupe_key FROM outbox WHERE order_id = :id", id=order_id)
    (order,) = read_rows(app, "SELECT refunded_minor, dispute_status FROM orders WHERE id = :id", id=order_id)
    refunds = read_rows(app, "SELECT id, amount_minor, status FROM refunds WHERE order_id = :id", id=order_id)
    if reason == "refunded" and any(row["status"] == "requires_action" for row in refunds):
        sentence = sentence.replace("was refunded", "is being refunded")  # its buyer must say where to
    disputes = read_rows(app, "SELECT id, status FROM disputes WHERE order_id = :id", id=order_id)
    warnings = read_rows(app, "SELECT id, is_actionable FROM fraud_warnings WHERE order_id = :id", id=order_id)
    assert (order["dispute_status"] is None) is (not disputes)
    return State(
        allowed=allowed,
        reason=reason if sentence in text else f"not {reason}: {text[text.find('<main') :][:600]}",
        open_items=frozenset(downloads_on(goods)),
        refunded=order["refunded_minor"],
        refunds={row["id"]: (row["amount_minor"], row["status"]) for row in refunds},
        disputes={row["id"]: row["status"] for row in disputes},
        warnings={row["id"]: bool(row["is_actionable"]) for row in warnings},
        named_items=named,
        notices=frozenset((row["kind"], row["subject"]) for row in notices),
        mails=tuple(sorted(((row["kind"], _subject(row)) for row in mails), key=str)),
    )


def _sentence(reason: str, *, is_gift: bool) -> str:
    return sentence_for_buyer(Access(allowed=True, reason=Reason(reason)), is_gift=is_gift)


def _subject(mail: dict[str, str]) -> str:
    """What it is about; a dispute's stage stands behind its id."""
    return mail["dedupe_key"].split(":", 2)[2] if mail["kind"] == "dispute_opened" else mail["about"]


def compose_mails(app: Flask, order_id: int) -> dict[str, list[Mail | str]]:
    """Kind -> the mails as they would leave now, or why they would not."""
    mails: dict[str, list[Mail | str]] = {}
    with app.test_request_context(base_url=runtime(app).settings.base_url):
        for message in db.session.query(OutboxMessage).filter_by(order_id=order_id).all():
            composed = compose(message)
            mails.setdefault(message.kind, []).append(composed if isinstance(composed, Mail) else composed.reason)
        db.session.remove()
    return mails


def keys_in(mail: Mail) -> list[str]:
    assert keys_on(mail.html) == keys_on(mail.text)
    return keys_on(mail.text)
