"""Whoever erased themselves before: the next codes are mailed, each to who asked for it."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from storefront.core.db import db, transaction
from storefront.customers import proofs
from storefront.customers.models import AddressProof, ProofPurpose
from storefront.customers.proofs import code_of
from storefront.mail import outbox
from storefront.mail.letter import Mail
from storefront.mail.models import MailKind, OutboxMessage
from storefront.messages.compose import compose
from tests.buyers.account.customers import erase, make_customers
from tests.support.databases import BOTH
from tests.support.factories import make_order
from tests.support.rows import read_rows
from tests.support.shop import Buyer

both = pytest.mark.parametrize("engine", BOTH, indirect=True)


def ask(app: Flask, email: str) -> None:
    assert Buyer(app).post("/sign-in", email=email).location == "/sign-in/code"


def waiting_mails(app: Flask) -> dict[str, list[str]]:
    """Address -> subjects of the mails with codes that would leave now."""
    subjects: dict[str, list[str]] = {}
    with app.app_context():
        for message in db.session.scalars(select(OutboxMessage).where(OutboxMessage.state == "queued")):
            mail = compose(message)
            assert isinstance(mail, Mail)
            subjects.setdefault(mail.recipient, []).append(mail.subject)
        db.session.remove()
    return subjects


def codes(app: Flask, email: str) -> list[str]:
    with app.app_context():
        seeds = db.session.scalars(select(AddressProof.seed).where(AddressProof.email == email)).all()
        db.session.remove()
        return [code_of(seed) for seed in seeds]


@both
def test_mails_a_code_after_somebody_who_had_one_was_erased(app: Flask) -> None:
    gone, stays = make_customers(app, 2)
    ask(app, gone)
    erase(app, gone)
    ask(app, stays)
    (subject,) = waiting_mails(app)[stays]
    assert codes(app, stays)[0] in subject


def test_lets_nobody_spend_the_mails_of_others_by_being_erased(app: Flask) -> None:
    """Somebody asks for as many codes as there may be, each with its mail, and is erased."""
    gone, *others = make_customers(app, 5)
    with app.app_context():
        for purpose in (ProofPurpose.SIGN_IN, ProofPurpose.ERASE):
            for _ in range(proofs.MOST_MAILS):
                proofs.start_proof(purpose=purpose, email=gone)
        db.session.remove()
    erase(app, gone)
    for email in others:
        ask(app, email)
    subjects = waiting_mails(app)
    assert sorted(subjects) == sorted(others)
    assert all(codes(app, email)[0] in subjects[email][0] for email in others)


def test_takes_an_erased_address_off_the_mails_of_codes(app: Flask) -> None:
    gone, stays = make_customers(app, 2)
    ask(app, gone)
    ask(app, stays)
    erase(app, gone)
    rows = read_rows(app, "SELECT recipient, state FROM outbox ORDER BY id")
    assert [(row["recipient"], row["state"]) for row in rows] == [("", "canceled"), (stays, "queued")]


def test_forgets_old_codes_and_their_mails_together(app: Flask) -> None:
    (email,) = make_customers(app, 1)
    ask(app, email)
    with app.app_context():
        with transaction() as session:
            for proof in session.scalars(select(AddressProof)):
                proof.expires_at -= proofs.KEPT + proofs.LIFETIME
        proofs.forget_proofs()
        db.session.remove()
    assert read_rows(app, "SELECT id FROM outbox") == read_rows(app, "SELECT id FROM address_proofs") == []


def test_raises_where_a_mail_that_should_be_new_is_not(app: Flask) -> None:
    order_id = make_order(app)
    values: dict[str, Any] = {
        "kind": MailKind.KEY_REPLACED,
        "order_id": order_id,
        "mode": "sandbox",
        "recipient": "ada@example.com",
        "about": "1",
    }

    def promise_it() -> None:
        with app.app_context(), transaction() as session:
            outbox.promise(session, **values)

    promise_it()
    with pytest.raises(outbox.AlreadyPromised, match="key_replaced"):
        promise_it()
    assert len(read_rows(app, "SELECT id FROM outbox")) == 1
