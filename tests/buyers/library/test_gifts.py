"""A gift: who pays has everything about money, who receives it keys and files, and nobody both."""

import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select, update

from storefront.core import clock
from storefront.core.db import db
from storefront.delivery.gift_changes import correct_receiver
from storefront.delivery.licenses.extend import extend_license
from storefront.delivery.licenses.models import License
from storefront.delivery.licenses.owner_actions import replace_key, withdraw_key
from storefront.orders.gift_models import Gift
from storefront.orders.languages import find_language_of
from storefront.owner.buyers.read import read_buyer
from tests.races.waiting import held, in_app
from tests.support.databases import BOTH
from tests.support.gifts import (
    FIELDS,
    ROSA,
    TWINSPOT,
    WORDS,
    begin_gift,
    give,
    hand_over,
    in_days,
    received_link,
)
from tests.support.goods import change_product
from tests.support.people import make_person, sign_in_at_admin
from tests.support.rows import change_rows, read_license_keys, read_rows
from tests.support.sale import Sale, number_of
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import ADA, Buyer, find_price, keys_on, post_event, run_worker_once
from tests.support.sign_in import signed_in

PRICE = "$19.00"
both = pytest.mark.parametrize("engine", BOTH, indirect=True)


def mails_to(mailbox: Any, address: str) -> list[dict[str, Any]]:
    return [mail for mail in mailbox.messages() if address in mail["to"]]


def whole(mail: dict[str, Any]) -> str:
    return f"{mail['subject']}\n{mail['text']}\n{mail['html']}"


def is_without_goods(text: str) -> bool:
    return not keys_on(text) and "/downloads/" not in text and "license-file" not in text


@both
def test_gives_money_to_one_and_keys_to_the_other(app: Flask, sandbox: SandboxClient, mailbox: Any) -> None:
    sale = give(app, sandbox)
    landed = sale.buyer.land(sale.session_id).text
    assert "A gift for r…@example.net. We&#39;re sending it now." in landed
    assert is_without_goods(landed)
    assert hand_over(app) == 1
    assert hand_over(app) == 0
    sale.deliver("checkout.session.")
    run_worker_once(app)
    [to_giver], [to_receiver] = mails_to(mailbox, ADA), mails_to(mailbox, ROSA)
    assert is_without_goods(whole(to_giver))
    assert PRICE in whole(to_giver)
    assert "A gift for r…@example.net, sent on" in to_giver["text"]
    assert to_receiver["subject"].startswith("Ada sent you a gift from ")
    assert "$" not in whole(to_receiver)
    assert "eceipt" not in whole(to_receiver)
    assert ADA not in whole(to_receiver)
    assert WORDS in to_receiver["text"].replace("\r\n", "\n")
    assert "See &lt;b&gt;you&lt;/b&gt; soon." in to_receiver["html"]
    [key] = keys_on(to_receiver["text"])
    assert is_without_goods(sale.order_page())
    link = received_link(sale)
    assert link in to_receiver["text"]
    page = Buyer(app).get(link).text
    assert keys_on(page) == [key]
    assert "$" not in page[page.find("<main") :]
    assert "Ada sent you a gift" in page
    form = {"license_key": key}
    said = app.test_client().post("/v1/licenses/validate", data=form, base_url=sale.buyer.base_url).get_json()
    assert (said["valid"], said["meta"]["customer_email"], said["meta"]["customer_name"]) == (True, ROSA, None)
    [download] = set(re.findall(r'href="[^"]*(/downloads/[^"]+)"', page))
    with Buyer(app).get(download) as answer:
        assert answer.data[:2] == b"PK"


def test_opens_nothing_of_the_other_with_either_link(app: Flask, sandbox: SandboxClient) -> None:
    sale = give(app, sandbox)
    hand_over(app)
    link, stranger = received_link(sale), Buyer(app)
    for path in ("/receipt", "/receipt.pdf", "/stripe-receipt"):
        assert stranger.get(link + path).status_code == 404
    again = link.replace("/orders/", "/checkout/again/")
    assert stranger.get(again).status_code == 404
    for path in ("/gift", "/gift/send", "/gift/again", "/receipt", "/claim"):
        assert stranger.post(link + path, **FIELDS).status_code == 404
    [row] = read_rows(app, "SELECT id FROM licenses")
    download = re.search(r"/downloads/[0-9a-f]{32}(/\d+/[^\"]+)", stranger.get(link).text)
    assert download
    givers = sale.link.replace("/orders/", "/downloads/")
    for path in (givers + download[1], givers + "/all.zip", f"{sale.link}/licenses/{row['id']}/license-file"):
        refused = sale.buyer.get(path)
        assert refused.status_code == 403
        assert "for who receives it" in refused.text
    assert stranger.get(f"{link}/licenses/{row['id']}/license-file").status_code == 200


def test_waits_for_its_day_and_is_changed_until_then(app: Flask, sandbox: SandboxClient, mailbox: Any) -> None:
    sale = give(app, sandbox, gift_on=in_days(20))
    assert hand_over(app) == 0
    assert mails_to(mailbox, ROSA) == []
    assert re.search(r"A gift for r…@example.net, arrives on [A-Z][a-z]+ \d+", sale.order_page())
    typed = {**FIELDS, "gift_email": "rose@example.org", "gift_on": in_days(10), "gift_message": ""}
    for _ in range(2):
        assert sale.buyer.post(f"{sale.link}/gift", **typed).status_code == 303
    refused = sale.buyer.post(f"{sale.link}/gift", **typed | {"gift_email": "rose", "gift_message": "<b>Kept"})
    assert refused.status_code == 400
    assert "Write the whole email address" in refused.text
    assert re.search(r"<details open>.*&lt;b&gt;Kept</textarea>", refused.text, re.DOTALL)
    assert "Kept" not in sale.order_page()
    with time_machine.travel(clock.now() + timedelta(days=10), tick=True):
        assert hand_over(app) == 1
        assert [mail["to"] for mail in mailbox.messages() if "gift" in mail["subject"]] == [["rose@example.org"]]
        late = sale.buyer.post(f"{sale.link}/gift", **FIELDS)
        assert late.status_code == 303
        assert "sent already" in sale.order_page()
        assert hand_over(app) == 0


@both
def test_has_all_its_days_however_long_it_waited(
    app: Flask, sandbox: SandboxClient, mailbox: Any, run: Any, tmp_path: Path
) -> None:
    """Of its license, updates and downloads; another receiver gets what is left of them."""
    change_product(app, "twinspot", license_days=30, update_days=30, download_days=14)
    sale = give(app, sandbox, gift_on=in_days(60))
    number = number_of(sale)
    with time_machine.travel(clock.now() + timedelta(days=60), tick=True):
        path = tmp_path / "twinspot-3.0.zip"
        path.write_bytes(b"after the days that were sold, and before those of the gift end")
        run("releases", "upload", "twinspot", "3.0", str(path))
        handed_over_on = clock.now()
        assert hand_over(app) == 1
        page = Buyer(app).get(received_link(sale)).text
        assert ends_on(page) == [shown(handed_over_on, 30), shown(handed_over_on, 14)]
        assert "twinspot-3.0.zip" in page
        with Buyer(app).get(re.findall(r'href="[^"]*(/downloads/[^"]+)"', page)[0]) as download:
            assert download.status_code in (200, 303)
    with time_machine.travel(clock.now() + timedelta(days=65), tick=True):
        with app.app_context():
            correct_receiver(number, "rose@example.org")
        page = Buyer(app).get(received_link(sale)).text
        assert ends_on(page) == [shown(handed_over_on, 30), shown(handed_over_on, 14)]


def test_tells_the_owner_no_last_day_before_its_days_begin(app: Flask, sandbox: SandboxClient, run: Any) -> None:
    change_product(app, "twinspot", license_days=30, download_days=14)
    number = number_of(give(app, sandbox, gift_on=in_days(60)))
    with time_machine.travel(clock.now() + timedelta(days=20), tick=True):
        owner = sign_in_at_admin(app, make_person(app))
        for told in (run("orders", "show", number).output, owner.get(f"/admin/orders/{number}").text):
            assert "its days begin" in told
            assert "the gift was not sent yet" in told
            assert "works until" not in told
            assert not re.search(r", until 20\d\d", told)


def ends_on(page: str) -> list[str]:
    """The last days that a receiver's page names: of the key, then of its downloads."""
    return re.findall(r'until <time datetime="(\d{4}-\d\d-\d\d)', page)


def shown(begin: datetime, days: int) -> str:
    return (begin + timedelta(days=days)).date().isoformat()


@pytest.mark.parametrize(
    ("terms", "waits", "expected"),
    [
        ({"license_days": 30, "license_until": None}, 60, 90),
        ({"license_days": 30, "license_until": 70}, 60, 70),  # the same for everybody
        ({"license_days": None, "license_until": 20}, 60, 20),
        ({"license_days": None, "license_until": None}, 60, None),
        ({"license_days": 30, "license_until": None}, 0, 30),
    ],
)
def test_moves_only_what_counts_from_the_sale(
    app: Flask, sandbox: SandboxClient, terms: dict[str, int | None], waits: int, expected: int | None
) -> None:
    begin = clock.now().replace(microsecond=0)  # Stripe says seconds
    until = terms["license_until"]
    change_product(
        app,
        "twinspot",
        license_days=terms["license_days"],
        license_until=begin + timedelta(days=until) if until is not None else None,
    )
    give(app, sandbox, gift_on=in_days(waits))
    with time_machine.travel(begin + timedelta(days=waits, minutes=5), tick=True):
        assert hand_over(app) == 1
    [order] = read_rows(app, "SELECT days_begin_at FROM orders")
    assert (order["days_begin_at"] is not None) == (waits > 0)
    with app.app_context():
        [expires_at] = db.session.scalars(select(License.expires_at))
        db.session.remove()
    assert (expires_at and (expires_at - begin).days) == expected


def test_keeps_a_later_day_that_the_owner_gave_it(app: Flask, sandbox: SandboxClient) -> None:
    change_product(app, "twinspot", license_days=30)
    sale = give(app, sandbox, gift_on=in_days(60))
    until = clock.now() + timedelta(days=500)
    with app.app_context():
        extend_license(number_of(sale), until=until)
    with time_machine.travel(clock.now() + timedelta(days=60), tick=True):
        assert hand_over(app) == 1
    with app.app_context():
        assert db.session.scalars(select(License.expires_at)).all() == [until]
        db.session.remove()


def test_is_sent_now_or_again_to_the_same_address(app: Flask, sandbox: SandboxClient, mailbox: Any) -> None:
    sale = give(app, sandbox, gift_on=in_days(30))
    for _ in range(2):
        sale.buyer.post(f"{sale.link}/gift/send")
    run_worker_once(app)
    assert len(mails_to(mailbox, ROSA)) == 1
    sale.buyer.post(f"{sale.link}/gift/again")
    run_worker_once(app)
    assert len(mails_to(mailbox, ROSA)) == 1
    assert "within the last hour" in sale.order_page()


@both
def test_is_in_the_library_of_who_received_it(app: Flask, sandbox: SandboxClient, mailbox: Any) -> None:
    sale = give(app, sandbox)
    hand_over(app)
    [key] = keys_on(mails_to(mailbox, ROSA)[0]["text"])
    receiver, giver = signed_in(app, ROSA), signed_in(app, ADA)
    assert key in receiver.get("/library").text
    assert is_without_goods(giver.get("/library").text)
    received, given = receiver.get("/library/orders").text, giver.get("/library/orders").text
    assert key in received
    assert "A gift from Ada" in received
    assert "$" not in received[received.find("<main") :]
    assert "A gift for r…@example.net" in given
    assert PRICE in given
    assert is_without_goods(given)
    assert sale.link in given
    assert received_link(sale) in received
    exported = giver.get("/account/export.json").text
    assert ROSA in exported
    assert key not in exported
    exported = receiver.get("/account/export.json").text
    assert key in exported
    assert PRICE not in exported
    assert ADA not in exported


def test_refuses_words_that_are_wrong(app: Flask, sandbox: SandboxClient) -> None:
    buyer = Buyer(app)
    buyer.add("twinspot", "Personal")
    wrong = {
        "gift_email": "rosa",
        "gift_from": "",
        "gift_message": "x" * 501,
        "gift_on": in_days(366),
    }
    for name, value in wrong.items():
        refused = buyer.post("/checkout", nonce=buyer.nonce(), **FIELDS | {name: value})
        assert refused.status_code == 400, name
        assert 'role="alert"' in refused.text, name
    for name in ("www.example.com", "a@b.example", "see https://example.com"):
        assert buyer.post("/checkout", nonce=buyer.nonce(), **FIELDS | {"gift_from": name}).status_code == 400
    for day in (in_days(-1), "soon"):
        assert buyer.post("/checkout", nonce=buyer.nonce(), **FIELDS | {"gift_on": day}).status_code == 400
    assert read_rows(app, "SELECT id FROM checkouts") == []


def test_changes_the_session_with_the_gift(app: Flask, sandbox: SandboxClient) -> None:
    buyer = Buyer(app)
    buyer.add("twinspot", "Personal")
    first = begin_gift(buyer)
    assert begin_gift(buyer) == first
    second = begin_gift(buyer, gift_message="Another word")
    assert second != first
    plain = buyer.check_out()
    assert plain not in (first, second)
    seen = sandbox.stripe.v1.checkout.sessions.retrieve(second)
    assert "Another word" not in str(seen)
    assert ROSA not in str(seen)
    assert seen.metadata is not None


def test_is_bought_now_too_and_not_for_free(app: Flask, sandbox: SandboxClient, mailbox: Any) -> None:
    buyer = Buyer(app)
    price_id = find_price(app, "twinspot", "Personal")
    page = buyer.get(f"/checkout/gift?price_id={price_id}")
    assert page.status_code == 200
    assert "Check out" in page.text
    assert re.search(r'href="/products/twinspot[^"]*">Back to <bdi>Twinspot<', page.text)
    answer = buyer.post("/checkout/now", price_id=price_id, **FIELDS)
    session_id = buyer.session_on(buyer.get(answer.location))
    sandbox.pay(session_id)
    buyer.land(session_id)
    hand_over(app)
    assert len(mails_to(mailbox, ROSA)) == 1
    free = find_price(app, "gridling")
    assert buyer.post("/checkout/now", price_id=free, **FIELDS).status_code == 303
    assert "be sent as a gift" in buyer.get("/cart").text
    assert buyer.get(f"/checkout/gift?price_id={free}").status_code == 303


def test_arrives_without_the_page_when_the_bank_pays_after_the_day(
    app: Flask, sandbox: SandboxClient, mailbox: Any
) -> None:
    sale = give(app, sandbox, how={"payment_method": "ach_success"})
    assert hand_over(app) == 0
    sandbox.settle(sale.payment().id, "succeeded")
    for event in sandbox.read("events")["data"]:
        if event["type"].startswith("checkout.session."):
            post_event(app, event)
    assert hand_over(app) == 1
    assert len(mails_to(mailbox, ROSA)) == 1


def refund(sale: Sale) -> None:
    sale.refund()
    sale.deliver("charge.", "refund.")


def dispute(sale: Sale) -> None:
    sale.at_charge("dispute", status="needs_response")
    sale.deliver("charge.")


@pytest.mark.parametrize("close", [refund, dispute])
def test_sends_nothing_when_it_is_closed_before_its_day(
    app: Flask, sandbox: SandboxClient, mailbox: Any, close: Any
) -> None:
    sale = give(app, sandbox)
    close(sale)
    assert hand_over(app) == 0
    assert mails_to(mailbox, ROSA) == []
    assert "It hasn&#39;t been sent" in sale.order_page()
    sale.buyer.post(f"{sale.link}/gift/send")
    assert hand_over(app) == 0
    assert mails_to(mailbox, ROSA) == []


@pytest.mark.parametrize("close", [refund, dispute])
def test_says_nothing_of_money_to_the_receiver_when_it_closes(
    app: Flask, sandbox: SandboxClient, mailbox: Any, close: Any
) -> None:
    sale = give(app, sandbox)
    hand_over(app)
    link = received_link(sale)
    download = re.search(r"/downloads/[0-9a-f]{32}/\d+/[^\"]+", Buyer(app).get(link).text)
    assert download
    close(sale)
    hand_over(app)
    page = Buyer(app).get(link).text
    for text in (page[page.find("<main") :], Buyer(app).get(download[0]).text):
        assert "This gift doesn&#39;t work right now" in text
        assert is_without_goods(text)
        assert not re.search("refund|dispute|bank", text[text.find("<main") :])
    assert len(mails_to(mailbox, ROSA)) == 1
    assert is_without_goods(sale.order_page())
    assert re.search("the gift no longer works|The gift is on hold", sale.words())
    assert "its keys and downloads" not in signed_in(app, ADA).get("/library").text
    assert "keys and downloads" not in sale.words() + "".join(whole(mail) for mail in mails_to(mailbox, ADA))


def test_says_in_the_email_which_key_was_withdrawn(app: Flask, sandbox: SandboxClient, mailbox: Any) -> None:
    give(app, sandbox, TWINSPOT, ("the-patient-toolmaker", "E-book"))
    [key] = read_license_keys(app)
    with app.app_context():
        withdraw_key(key)
    hand_over(app)
    mail = whole(mails_to(mailbox, ROSA)[0])
    assert not keys_on(mail)
    assert "(withdrawn by the shop" in mail
    assert "The shop has withdrawn this key." in mail
    assert "the-patient-toolmaker.epub" in mail


@both
def test_counts_keys_and_chooses_the_language_for_who_received_it(app: Flask, sandbox: SandboxClient) -> None:
    give(app, sandbox)
    hand_over(app)
    owner = sign_in_at_admin(app, make_person(app))
    for address, words in ((ADA, "a gift from them"), (ROSA, "a gift to them")):
        page = owner.get(f"/admin/buyers?email={address}").text
        assert page.count('href="/admin/orders/') == 1
        assert words in page
    with app.test_request_context():
        giver, receiver = read_buyer(ADA), read_buyer(ROSA)
        assert (giver.keys, receiver.keys) == (0, 1)
    [row] = read_rows(app, "SELECT holder_id, language FROM orders")
    with app.app_context():
        assert row["language"]
        assert find_language_of(row["holder_id"]) == row["language"]


@both
def test_mails_no_key_to_who_has_the_gift_no_more(app: Flask, sandbox: SandboxClient, mailbox: Any) -> None:
    """As after a correction that did not see the email, which was promised at the same moment."""
    sale = give(app, sandbox)
    hand_over(app)
    run_worker_once(app)
    mailbox.clear()
    in_app(app, lambda: replace_key(number_of(sale)))
    change_rows(app, "UPDATE gifts SET email = 'right@example.org', email_key = 'right@example.org'")
    run_worker_once(app)
    assert mails_to(mailbox, ROSA) == []
    (promised,) = read_rows(app, "SELECT state, last_error FROM outbox WHERE kind = 'key_replaced'")
    assert promised == {"state": "canceled", "last_error": "the gift goes to another address by now"}


@pytest.mark.parametrize("engine", BOTH[1:], indirect=True)
def test_mails_a_new_key_to_who_is_given_it_at_that_moment(app: Flask, sandbox: SandboxClient) -> None:
    sale = give(app, sandbox)
    hand_over(app)
    right = {"email": "right@example.org", "email_key": "right@example.org"}
    with held(
        app,
        lambda session: session.execute(update(Gift).values(**right)),
        lambda: replace_key(number_of(sale)),
    ) as (replaced,):
        pass
    assert replaced.result(30).email == "right@example.org"
    assert read_rows(app, "SELECT recipient FROM outbox WHERE kind = 'key_replaced'") == [
        {"recipient": "right@example.org"}
    ]
