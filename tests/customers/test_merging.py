"""A wrong address that the shop corrects is a stranger's: what they said counts for nobody, and nothing stays."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from storefront.buyers.account.change_address import move_customer
from storefront.buyers.library.news import news_token, tell_buyers
from storefront.buyers.library.resend import resend
from storefront.core.db import db
from storefront.customers.browser_session import find_customer
from storefront.delivery.gift_changes import correct_receiver
from storefront.orders.languages import find_language_of
from tests.buyers.account.customers import erase
from tests.support.databases import BOTH
from tests.support.gifts import ROSA, give, hand_over
from tests.support.rows import change_rows, read_rows
from tests.support.sale import sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import ADA, Buyer
from tests.support.sign_in import waiting_mails

both = pytest.mark.parametrize("engine", BOTH, indirect=True)
JON, ANN = "jon@example.com", "ann@example.com"


def token_of(app: Flask, email: str) -> str:
    with app.app_context():
        customer = find_customer(email)
        assert customer is not None
        token = news_token(customer)
        db.session.remove()
    return token


def do(app: Flask, what: Callable[..., object], *words: str, **named: str) -> None:
    with app.app_context():
        what(*words, **named)
        db.session.remove()


def said_by(app: Flask, email: str) -> list[dict[str, Any]]:
    columns = "unsubscribed_at, wants_offers_since"
    return read_rows(app, f"SELECT {columns} FROM customers WHERE email = '{email}'")


def press(app: Flask, token: str) -> list[int]:
    """Say no to news and yes to offers, and look at both pages; return what they answer."""
    reader = Buyer(app)
    pages = (f"/news/{token}", f"/offers/{token}")
    sent = [
        reader.post(page, **form).status_code for page, form in zip(pages, ({}, {"agrees": "yes"}), strict=True)
    ]
    return sent + [reader.get(page).status_code for page in pages]


def order_number(app: Flask, email: str = "") -> str:
    """Of the oldest order, or of the oldest with this address."""
    which = f"WHERE email = '{email}'" if email else ""
    return str(read_rows(app, f"SELECT number FROM orders {which} ORDER BY id")[0]["number"])


@both
@pytest.mark.parametrize("is_gift", [False, True], ids=["order", "gift"])
def test_counts_nothing_of_a_stranger_for_the_right_buyer(
    app: Flask, sandbox: SandboxClient, is_gift: bool
) -> None:
    wrong = ROSA if is_gift else JON
    if is_gift:
        give(app, sandbox)
        hand_over(app)
    else:
        sell(app, sandbox, email=JON)
    token = token_of(app, wrong)
    assert press(app, token) == [303, 303, 200, 200]
    (stranger,) = read_rows(app, f"SELECT id FROM customers WHERE email = '{wrong}'")
    change_rows(app, f"UPDATE stripe_customers SET customer_id = {stranger['id']}, stripe_id = 'cus_of_stranger'")
    if is_gift:
        do(app, correct_receiver, order_number(app), ANN)
    else:
        do(app, resend, order_number(app), to=ANN)
    nothing = [{"unsubscribed_at": None, "wants_offers_since": None}]
    assert said_by(app, ANN) == nothing
    assert press(app, token) == [404] * 4
    assert said_by(app, ANN) == nothing
    assert read_rows(app, "SELECT customer_id AS id FROM offer_consents") == [stranger]
    assert not said_by(app, wrong)
    assert not read_rows(app, "SELECT id FROM stripe_customers WHERE given_up_at IS NULL")


def test_leaves_a_stranger_who_bought_something_what_they_have(app: Flask, sandbox: SandboxClient) -> None:
    sell(app, sandbox, email=JON)
    sell(app, sandbox, email=JON)
    token = token_of(app, JON)
    press(app, token)
    before = said_by(app, JON)
    do(app, resend, order_number(app), to=ANN)
    assert said_by(app, JON) == before
    assert press(app, token) == [303, 303, 200, 200]
    assert said_by(app, ANN) == [{"unsubscribed_at": None, "wants_offers_since": None}]


def test_ends_links_in_emails_of_who_was_erased(app: Flask, sandbox: SandboxClient) -> None:
    sell(app, sandbox, email=ADA)
    token = token_of(app, ADA)
    erase(app, ADA)
    assert press(app, token) == [404] * 4


@both
def test_tells_of_each_release_once_where_two_addresses_became_one(
    app: Flask, sandbox: SandboxClient, run: Any, tmp_path: Path
) -> None:
    for name in ("jon", "ann", "bob"):
        sell(app, sandbox, email=f"{name}@example.com")
    change_rows(app, "UPDATE orders SET language = 'de'")
    file = tmp_path / "twinspot-3.0.zip"
    file.write_bytes(b"x")
    run("releases", "upload", "twinspot", "3.0", str(file))
    do(app, tell_buyers, "twinspot", "3.0")
    (jon,) = read_rows(app, f"SELECT id FROM customers WHERE email = '{JON}'")
    do(app, move_customer, JON, ANN)  # was told, as ann was
    do(app, resend, order_number(app, "bob@example.com"), to="new@example.com")  # was not told
    news = read_rows(app, "SELECT state, recipient FROM outbox WHERE kind = 'new_release'")
    assert sorted(row["recipient"] for row in news if row["state"] == "queued") == [ANN, "new@example.com"]
    assert sorted(row["state"] for row in news) == ["canceled", "canceled", "queued", "queued"]
    assert sum("3.0" in mail.subject for mail in waiting_mails(app)) == 2
    with app.app_context():
        assert find_language_of(jon["id"]) == "de", "of an email that was on its way"
        db.session.remove()


@both
def test_tells_nothing_again_that_one_of_both_was_told(
    app: Flask, sandbox: SandboxClient, run: Any, tmp_path: Path
) -> None:
    for name in ("jon", "ann"):
        sell(app, sandbox, email=f"{name}@example.com")
    file = tmp_path / "twinspot-3.0.zip"
    file.write_bytes(b"x")
    run("releases", "upload", "twinspot", "3.0", str(file))
    do(app, tell_buyers, "twinspot", "3.0")
    change_rows(app, f"UPDATE outbox SET state = 'sent' WHERE kind = 'new_release' AND recipient = '{JON}'")
    do(app, move_customer, JON, ANN)
    do(app, tell_buyers, "twinspot", "3.0")
    (ann,) = read_rows(app, f"SELECT id FROM customers WHERE email = '{ANN}'")
    (news,) = read_rows(app, "SELECT state, about FROM outbox WHERE kind = 'new_release'")
    assert (news["state"], news["about"].rpartition(":")[2]) == ("sent", str(ann["id"]))
