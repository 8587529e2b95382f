"""Who wants an email when a product can be bought confirms that first, gets it once, and is forgotten."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask

from storefront.buyers.account.erase import erase_address
from storefront.buyers.account.export import export_address
from storefront.buyers.availability.ask import PRODUCTS_A_DAY, ask_for
from storefront.buyers.availability.models import MOST_MAILS
from storefront.buyers.availability.tell import tell_waiting
from storefront.core import clock
from storefront.core.db import db
from storefront.core.errors import NotFound
from storefront.core.runtime import runtime
from storefront.customers.ceilings import STRANGERS_SHARE, TooManyMails
from storefront.worker import tell_who_waits
from tests.buyers.availability.asking import (
    ASK,
    AVAILABLE,
    OURS,
    PAGE,
    ROWS,
    ask,
    confirmed,
    link_in,
    switch,
    work,
)
from tests.mail.strict import read_strictly
from tests.owner.admin.editor_forms import TWINSPOT
from tests.support.databases import BOTH
from tests.support.people import make_person, sign_in_at_admin
from tests.support.plans import asked_of, read_whole
from tests.support.rows import change_rows, read_rows
from tests.support.shop import ADA, Buyer, run_worker_once

both = pytest.mark.parametrize("engine", BOTH, indirect=True)
ASKED = "Confirm: email me when Twinspot is available"


@pytest.fixture(autouse=True)
def _is_not_for_sale(app: Flask) -> None:
    switch(app, is_on=False)


def tell_and_send(app: Flask) -> None:
    with app.app_context():
        tell_who_waits()
        tell_waiting()  # as a worker would whose lease has just begun
        db.session.remove()
    run_worker_once(app)


def subjects(mailbox: Any) -> list[str]:
    return sorted(str(mail["subject"]) for mail in mailbox.messages())


@pytest.mark.happy_path
@both
def test_writes_once_to_who_confirmed_and_forgets_them(app: Flask, mailbox: Any) -> None:
    page = Buyer(app).get(PAGE)
    assert "Email me when it's available" in page.text
    assert "Set-Cookie" not in page.headers
    assert ask(app).location == PAGE
    work(app)
    (mail,) = mailbox.messages(to=ADA)
    link = link_in(app, mail)
    assert link in str(mail["html"])
    switch(app, is_on=True)
    work(app)
    assert len(mailbox.messages()) == 1  # a stranger's word is not enough
    switch(app, is_on=False)
    reader = Buyer(app)
    assert "Yes, email me" in reader.get(link).text
    assert read_rows(app, ROWS)[0]["confirmed_at"] is None  # what opens links before people do confirms nothing
    for _ in range(2):
        assert reader.post(link, confirm="1").location == link
    assert "on the list" in reader.get(link).text
    switch(app, is_on=True)
    for minutes in (1, 2, 3):
        work(app, minutes=minutes)
    mail = next(mail for mail in mailbox.find() if mail.subject == AVAILABLE)
    parsed = read_strictly(mail.raw)
    assert parsed["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert link in str(parsed["List-Unsubscribe"])
    work(app, hours=2)
    assert read_rows(app, ROWS) == []
    assert {row["recipient"] for row in read_rows(app, OURS)} == {""}
    assert reader.get(link).status_code == 404
    for _ in range(2):
        posted = reader.client.post(link, data={"List-Unsubscribe": "One-Click"}, base_url=reader.base_url)
        assert (posted.status_code, posted.data) == (200, b"")  # also when there is nothing left to end
    assert ask(app).location == PAGE  # it is for sale: nothing is kept, and nothing leaves
    assert read_rows(app, ROWS) == []
    assert subjects(mailbox) == [ASKED, AVAILABLE]


@both
def test_is_one_request_and_one_email_of_everybody_at_the_same_moment(app: Flask, mailbox: Any) -> None:
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda number: ask(app, address=f"192.0.2.{number}").status_code, range(6)))
    assert set(answers) == {303}
    work(app)
    (mail,) = mailbox.messages(to=ADA)
    Buyer(app).post(link_in(app, mail), confirm="1")
    switch(app, is_on=True)
    with time_machine.travel(clock.now() + timedelta(minutes=2), tick=True), ThreadPoolExecutor(3) as pool:
        list(pool.map(tell_and_send, [app] * 3))
    assert subjects(mailbox) == [ASKED, AVAILABLE]


def test_answers_alike_and_mails_a_stranger_little(app: Flask, mailbox: Any) -> None:
    first = ask(app)
    link = confirmed(app, mailbox)
    again = ask(app)
    assert (again.status_code, again.location) == (first.status_code, first.location)
    for minutes in range(11, 111, 11):  # the clock moves on, and so does who asks in another's name
        with time_machine.travel(clock.now() + timedelta(minutes=minutes), tick=True):
            ask(app, address=f"192.0.2.{minutes}")
    assert len(read_rows(app, OURS)) == MOST_MAILS
    work(app, hours=2)
    newest = mailbox.messages(to=ADA)[-1]
    assert "on the list for Twinspot already" in newest["text"]
    assert link_in(app, newest) == link
    assert ask(app, "no address").status_code == 400
    assert 'value="no address"' in ask(app, "no address").text
    assert Buyer(app).get(ASK).location == ASK.removesuffix("/availability")
    assert Buyer(app).get("/products/nothing/availability").status_code == 404


def test_has_ceilings_for_an_address_and_for_the_shop(app: Flask) -> None:
    products = [row["id"] for row in read_rows(app, "SELECT id FROM products ORDER BY id DESC LIMIT 6")]
    with app.app_context():
        for product_id in products:
            ask_for(product_id, ADA)
        assert len(read_rows(app, ROWS)) == min(len(products), PRODUCTS_A_DAY)
        room = runtime(app).settings.code_mails_per_hour // STRANGERS_SHARE - len(read_rows(app, ROWS))
        for number in range(room):
            ask_for(products[0], f"reader{number}@example.com")
        with pytest.raises(TooManyMails):
            ask_for(products[0], "one.more@example.com")


def test_refuses_what_no_page_of_the_shop_sent(app: Flask) -> None:
    stranger = Buyer(app)
    foreign = {"Sec-Fetch-Site": "cross-site"}
    for form in [{"email": ADA}, {"email": ADA, "csrf_token": "made-up"}] * 6:
        sent = stranger.client.post(ASK, data=form, base_url=stranger.base_url, headers=foreign)
        assert sent.status_code == 400, "and it uses up nothing of what a visitor may ask"
    change_rows(app, "UPDATE products SET state = 'retired' WHERE slug = 'twinspot'")
    assert ask(app).status_code == 404
    assert read_rows(app, ROWS) == []
    assert [ask(app).status_code for _ in range(6)][-1] == 429


def test_forgets_who_never_confirmed_and_who_leaves(app: Flask, mailbox: Any) -> None:
    link = confirmed(app, mailbox)
    ask(app, "stranger@example.com")
    work(app, days=2)
    assert len(read_rows(app, ROWS)) == 2
    work(app, days=4)
    (row,) = read_rows(app, ROWS)
    assert row["email"] == ADA
    reader = Buyer(app)
    for _ in range(2):
        assert reader.post(link).location == "/"
    assert "off the list" in reader.get("/").text
    assert read_rows(app, ROWS) == []
    link = confirmed(app, mailbox)  # and may come again
    work(app, days=366)
    assert read_rows(app, ROWS) == []


@both
def test_forgets_without_a_look_at_every_email(app: Flask, mailbox: Any) -> None:
    link = confirmed(app, mailbox)
    ask(app, "stranger@example.com")
    with asked_of(app) as asked:
        Buyer(app).post(link)
        work(app, days=4)
    assert sum(sql.startswith("UPDATE outbox") for sql in asked) >= 2
    assert {row["recipient"] for row in read_rows(app, OURS)} == {""}
    assert read_whole(app, asked, trusts_limits=True) == []


def test_waits_on_when_the_sale_is_over_before_its_email_left(app: Flask, mailbox: Any) -> None:
    confirmed(app, mailbox)
    switch(app, is_on=True)
    with app.app_context():
        assert tell_waiting() == 1
        assert tell_waiting() == 0
    switch(app, is_on=False)
    work(app)
    assert mailbox.messages() == []
    switch(app, is_on=True)
    work(app, hours=1)
    assert subjects(mailbox) == [AVAILABLE]


@both
def test_is_told_at_once_though_its_product_was_for_sale_for_a_moment_before(app: Flask, mailbox: Any) -> None:
    """Its email is looked at ever more rarely by itself: after half the time again that it is old."""
    confirmed(app, mailbox)
    switch(app, is_on=True)
    with app.app_context():
        assert tell_waiting() == 1
    switch(app, is_on=False)
    work(app)
    later = str(clock.now() + timedelta(days=15))
    change_rows(app, "UPDATE outbox SET due_at = :later WHERE state = 'paused'", later=later)
    work(app, days=10)
    assert mailbox.messages() == []
    switch(app, is_on=True)
    for minutes in (1, 2):
        work(app, days=10, minutes=minutes)
    assert subjects(mailbox) == [AVAILABLE]


def test_shows_the_owner_how_many_and_the_person_what_is_kept(app: Flask, mailbox: Any) -> None:
    owner = sign_in_at_admin(app, make_person(app))
    mailbox.clear()
    confirmed(app, mailbox)
    assert "One person wants an email" in owner.get(TWINSPOT).text
    with app.app_context():
        (wanted,) = export_address(ADA)["wants_to_hear_of"]
        assert (wanted["product"], wanted["email"]) == ("Twinspot", ADA)
        assert erase_address(ADA).waits == 1
        with pytest.raises(NotFound):
            erase_address(ADA)
    assert read_rows(app, ROWS) == []
    assert {row["recipient"] for row in read_rows(app, OURS)} == {""}
    assert "wants an email" not in owner.get(TWINSPOT).text
