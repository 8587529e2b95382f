"""Buyers who sign in: their customer, the code and link that they are mailed, and what they do with both."""

import re

from flask import Flask, session
from sqlalchemy import select

from storefront.core.db import db, insert_missing, transaction
from storefront.customers.browser_session import KEY, sign_in
from storefront.customers.models import Customer
from storefront.customers.unproven import find_known, prove
from storefront.mail.letter import Mail
from storefront.mail.models import OutboxMessage
from storefront.messages.compose import compose
from tests.support.shop import ADA, Buyer, Shop

CODE = r"\b([0-9A-Z]{4}-[0-9A-Z]{4})\b"


def signed_in(app: Flask, email: str = ADA, user_agent: str = "") -> Buyer:
    buyer = Buyer(app)
    with app.test_request_context(headers={"User-Agent": user_agent}):
        customer = find_known(email)
        assert customer is not None
        with transaction() as changes:
            prove(changes, customer)  # as a mailed code does it
        sign_in(customer)
        kept = session[KEY]
        db.session.remove()
    with buyer.client.session_transaction(base_url=buyer.base_url) as stored:
        stored[KEY] = kept
    return buyer


def make_customer(app: Flask, email: str = ADA) -> None:
    with app.app_context(), transaction() as session:
        insert_missing(session, Customer, [{"mode": "sandbox", "email": email, "email_key": email}])


def is_in(buyer: Buyer) -> bool:
    return buyer.get("/library").status_code == 200


def waiting_mails(app: Flask) -> list[Mail]:
    """Those that would leave now, oldest first."""
    with app.app_context():
        waiting = db.session.scalars(select(OutboxMessage).where(OutboxMessage.state == "queued")).all()
        mails = [mail for mail in map(compose, waiting) if isinstance(mail, Mail)]
        db.session.remove()
    return mails


def code_in(mail: Mail) -> str:
    return mail.subject.split()[0]


def link_in(mail: Mail) -> str:
    address = re.search(r"/(?:sign-in/link|confirm)/[0-9a-f]{32}", mail.text)
    assert address
    return address[0]


def ask_for_code(app: Flask, address: str = "127.0.0.1", email: str = ADA) -> Buyer:
    buyer = Buyer(app, address=address)
    assert buyer.post("/sign-in", email=email).location == "/sign-in/code"
    return buyer


def enter_code(buyer: Buyer, code: str) -> bool:
    return buyer.post("/sign-in/code", code=code).location == "/library"


def mailed_proof(shop: Shop, email: str) -> tuple[str, str]:
    """Code and link of the newest mail of a proof."""
    shop.work()
    mail = next(mail for mail in shop.mails(to=email) if "is your code" in mail["subject"])
    code, link = re.search(CODE, str(mail["subject"])), re.search(r"(/confirm/[0-9a-f]{32})", str(mail["text"]))
    assert code
    assert link
    return code[1], link[1]


def newest_code(shop: Shop, email: str) -> str:
    shop.work()
    code = re.search(
        CODE, next(str(mail["subject"]) for mail in shop.mails(to=email) if "code" in mail["subject"])
    )
    assert code
    return code[1]
