"""The account: another address proven at both ends, one's data as a file, and its end."""

import json
import re
from typing import Any

import pytest
from flask import Flask

from storefront.buyers.account.erase import NotYet, erase_customer
from storefront.core.db import db
from storefront.customers.browser_session import find_customer
from storefront.payments.fulfillment.fulfill import Look, fulfill_checkout
from tests.delivery.licenses.licensed import ask
from tests.support.databases import BOTH
from tests.support.rows import read_rows
from tests.support.sale import sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer, Shop, keys_on
from tests.support.sign_in import mailed_proof, signed_in
from tests.support.statements import counted

both = pytest.mark.parametrize("engine", BOTH, indirect=True)
ADA, NEW = "ada@example.com", "ada@new.example.com"


def words(page: str) -> str:
    return re.sub(r"\s+", " ", page)


@pytest.mark.parametrize("order", [("old", "new"), ("new", "old")])
@both
def test_asks_both_addresses_to_prove_themselves_before_anything_moves(
    shop: Shop, sandbox: SandboxClient, order: tuple[str, str]
) -> None:
    sale = sell(shop.app, sandbox, email=ADA)
    buyer, elsewhere = signed_in(shop.app), signed_in(shop.app)
    assert buyer.post("/account/address", new_email=NEW).location == "/account/address"
    codes = {"old": mailed_proof(shop, ADA)[0], "new": mailed_proof(shop, NEW)[0]}
    first, second = order
    wrong = buyer.post(f"/account/address/{first}", code=codes[second])
    assert (wrong.status_code, "check each letter" in wrong.text) == (400, True)
    for _twice in range(2):
        buyer.post(f"/account/address/{first}", code=codes[first])
    assert "Confirmed." in buyer.get("/account/address").text
    assert read_rows(shop.app, "SELECT email FROM orders") == [{"email": ADA}]
    done = buyer.post(f"/account/address/{second}", code=codes[second])
    assert done.location == "/account"
    assert f"now belongs to {NEW}" in buyer.get("/account").text
    assert keys_on(buyer.get("/library").text) == sale.keys
    assert read_rows(shop.app, "SELECT email FROM orders") == [{"email": NEW}]
    assert elsewhere.get("/library").location == "/sign-in"
    assert buyer.post(f"/account/address/{second}", code=codes[second]).location == "/account"
    assert NEW in sale.order_page()


def test_takes_the_links_of_both_mails_without_being_signed_in(shop: Shop, sandbox: SandboxClient) -> None:
    sell(shop.app, sandbox, email=ADA)
    signed_in(shop.app).post("/account/address", new_email=NEW)
    phone = Buyer(shop.app)
    links = [mailed_proof(shop, email)[1] for email in (NEW, ADA)]
    for link in links:
        assert phone.get(link).status_code == 200
        assert read_rows(shop.app, "SELECT email FROM orders") == [{"email": ADA}]
    for link in links:
        phone.post(link)
        phone.post(link)
    assert read_rows(shop.app, "SELECT email FROM orders") == [{"email": NEW}]
    assert "Everything bought now belongs to" in phone.get("/").text
    assert phone.get("/confirm/" + "0" * 32).status_code == 404
    assert phone.post("/confirm/" + "0" * 32).location == "/confirm/" + "0" * 32


def test_makes_two_customers_one_and_sends_mails_that_wait_to_the_new_address(
    shop: Shop, sandbox: SandboxClient
) -> None:
    first = sell(shop.app, sandbox, email=ADA)
    second = sell(shop.app, sandbox, email=NEW)
    buyer = signed_in(shop.app)
    buyer.post("/account/address", new_email=NEW.upper())
    codes = {"old": mailed_proof(shop, ADA)[0], "new": mailed_proof(shop, NEW)[0]}
    with shop.app.app_context():
        db.session.execute(db.text("UPDATE outbox SET state = 'queued' WHERE kind = 'receipt'"))
        db.session.commit()
    states = read_rows(shop.app, "SELECT recipient FROM outbox WHERE kind = 'receipt' ORDER BY id")
    assert [row["recipient"] for row in states] == [ADA, NEW]
    for end, code in codes.items():
        buyer.post(f"/account/address/{end}", code=code)
    assert set(keys_on(buyer.get("/library").text)) == {*first.keys, *second.keys}
    rows = read_rows(shop.app, "SELECT recipient FROM outbox WHERE kind = 'receipt' ORDER BY id")
    assert [row["recipient"] for row in rows] == [NEW, NEW]


@pytest.mark.parametrize(
    ("typed", "said"),
    [("", "look like an email address"), ("ada@", "look like an email address"), ("ADA@example.com", "already")],
)
def test_refuses_what_is_no_new_address(app: Flask, sandbox: SandboxClient, typed: str, said: str) -> None:
    sell(app, sandbox, email=ADA)
    buyer = signed_in(app)
    answer = buyer.post("/account/address", new_email=typed)
    assert (answer.status_code, said in answer.text) == (400, True)
    assert read_rows(app, "SELECT id FROM address_changes") == []
    assert buyer.get("/account/address").location == "/account"
    assert buyer.post("/account/address/old", code="x").location == "/account"


def test_gives_nobody_the_change_of_another_customer(shop: Shop, sandbox: SandboxClient) -> None:
    sell(shop.app, sandbox, email=ADA)
    sell(shop.app, sandbox, email="eve@example.com")
    buyer = signed_in(shop.app)
    buyer.post("/account/address", new_email=NEW)
    with buyer.client.session_transaction(base_url=buyer.base_url) as kept:
        change = kept["change"]
    eve = signed_in(shop.app, "eve@example.com")
    with eve.client.session_transaction(base_url=eve.base_url) as kept:
        kept["change"] = change
    assert eve.get("/account/address").location == "/account"


def test_exports_what_was_bought_at_the_same_cost_for_one_order_and_many(
    app: Flask, sandbox: SandboxClient
) -> None:
    sale = sell(app, sandbox, email=ADA)
    buyer = signed_in(app)
    ask(app, "activate", license_key=sale.keys[0], instance_name="Ada's laptop")
    sale.buyer.get(sale.downloads[0]).close()
    with counted(app) as one:
        answer = buyer.get("/account/export.json")
    export = json.loads(answer.text)
    assert answer.headers["Content-Disposition"] == 'attachment; filename="my-data.json"'
    order = export["orders"][0]
    assert (export["email"], order["total"], order["currency"], order["state"]) == (ADA, "$19.00", "usd", "paid")
    assert (order["card_brand"], order["last_four_digits"]) == ("visa", "4242")
    item = order["items"][0]
    assert item["license_keys"][0]["key"] == sale.keys[0]
    assert item["license_keys"][0]["devices"][0]["name"] == "Ada's laptop"
    assert len(item["downloads"]) == 1
    assert {"to": ADA, "what": "receipt", "state": "queued", "sent_at": None} in export["mails"]
    sell(app, sandbox, ("twinspot", "Team"), email=ADA)
    sell(app, sandbox, email="eve@example.com")
    with counted(app) as two:
        again = buyer.get("/account/export.json")
    assert len(json.loads(again.text)["orders"]) == 2
    assert "eve@" not in again.text
    assert len(one) == len(two)


def test_exports_no_key_that_was_taken_back(app: Flask, sandbox: SandboxClient) -> None:
    sale = sell(app, sandbox, email=ADA)
    buyer = signed_in(app)
    sale.refund()
    sale.deliver("charge.refunded", "refund.")
    text = buyer.get("/account/export.json").text
    assert sale.keys[0] not in text
    key = json.loads(text)["orders"][0]["items"][0]["license_keys"][0]
    assert (key["key"], key["works"]) == (None, False)


@both
def test_leaves_orders_without_a_person_and_keys_that_work_after_erasing(
    shop: Shop, sandbox: SandboxClient
) -> None:
    app = shop.app
    sale = sell(app, sandbox, email="Ada@example.com", name="Ada Lovelace")
    other = sell(app, sandbox, email="eve@example.com", name="Eve")
    ask(app, "activate", license_key=sale.keys[0], instance_name="Ada's laptop", fingerprint="ada-1")
    buyer = signed_in(app)
    assert buyer.post("/account/erase").location == "/account/erase"
    code, link = mailed_proof(shop, "Ada@example.com")
    wrong = buyer.post("/account/erase/code", code="AAAA-AAAA")
    assert (wrong.status_code, "check each letter" in wrong.text) == (400, True)
    assert buyer.post("/account/erase/code", code=code).location == "/"
    assert "Your data is erased" in buyer.get("/").text
    assert buyer.get("/library").location == "/sign-in"
    assert sale.buyer.get(sale.link).status_code == 404
    assert sale.buyer.get(sale.downloads[0]).status_code == 404
    for table, column in [
        ("customers", "email, email_key"), ("orders", "email, name"), ("outbox", "recipient"),
        ("activations", "name, fingerprint"), ("address_proofs", "email"), ("notices", "text"),
        ("order_changes", "detail"), ("key_events", "detail"),
    ]:  # fmt: skip
        for row in read_rows(app, f"SELECT {column} FROM {table}"):
            words_ = ("ada@", "ada's", "ada-1", "lovelace")  # not "ada": a random id may hold it
            assert not any(word in str(row).lower() for word in words_), table
    answer: Any = ask(app, "validate", license_key=sale.keys[0]).json
    assert answer["valid"]
    assert not answer["meta"]["customer_email"]
    assert not answer["meta"]["customer_name"]
    assert Buyer(app).post(link).location == link  # its proof is gone
    assert keys_on(other.order_page()) == other.keys
    sale.refund()
    with app.app_context():
        fulfill_checkout(sale.session_id, Look.NOW)
    kept = "SELECT business_name, billing_address, payment_brand, payment_last4 FROM orders ORDER BY id"
    assert set(read_rows(app, kept)[0].values()) == {None}, "a look after erasing brings nothing back"
    shop.work()
    assert [mail for mail in shop.mails() if "Refunded" in mail["subject"]] == []
    assert b'"valid":false' in ask(app, "validate", license_key=sale.keys[0]).data
    again = sell(app, sandbox, email=ADA)
    assert keys_on(signed_in(app).get("/library").text) == again.keys


def test_erases_by_the_link_of_the_mail_only_at_its_button(shop: Shop, sandbox: SandboxClient) -> None:
    sell(shop.app, sandbox, email=ADA)
    signed_in(shop.app).post("/account/erase")
    link = mailed_proof(shop, ADA)[1]
    phone = Buyer(shop.app)
    assert "be undone" in phone.get(link).text
    assert read_rows(shop.app, "SELECT erased_at FROM customers")[0]["erased_at"] is None
    for _twice in range(2):
        phone.post(link)
    assert read_rows(shop.app, "SELECT erased_at FROM customers")[0]["erased_at"] is not None


def test_erases_nobody_yet_who_waits_for_a_bank(shop: Shop, sandbox: SandboxClient) -> None:
    buyer = Buyer(shop.app)
    buyer.add("twinspot")
    sandbox.pay(session_id := buyer.check_out(), email=ADA, payment_method="ach_success")
    buyer.land(session_id)
    with shop.app.app_context():
        customer = find_customer(ADA)
        assert customer is not None
        with pytest.raises(NotYet, match=r"waits for the bank\. This can be erased when"):
            erase_customer(customer.id)
    assert read_rows(shop.app, "SELECT email FROM orders") == [{"email": ADA}]


def test_lets_news_be_stopped_and_wanted_again(app: Flask, sandbox: SandboxClient) -> None:
    sell(app, sandbox, email=ADA)
    buyer = signed_in(app)
    buyer.post("/account/news")
    assert "t email you when" in buyer.get("/account").text
    buyer.post("/account/news", wants="1")
    assert "We email you when" in buyer.get("/account").text


@pytest.mark.parametrize("path", ["/account", "/account/address", "/account/erase", "/account/export.json"])
def test_asks_strangers_to_sign_in(buyer: Buyer, path: str) -> None:
    assert buyer.get(path).location == "/sign-in"
    assert buyer.post("/account/erase/code", code="x").location == "/sign-in"


def test_lets_the_owner_export_move_and_erase_by_command(app: Flask, sandbox: SandboxClient, run: Any) -> None:
    sale = sell(app, sandbox, email=ADA)
    assert sale.keys[0] in run("customers", "export", "ADA@example.com").output
    assert "1 orders belong to" in run("customers", "move", ADA, NEW).output
    assert json.loads(run("customers", "move", NEW, ADA, "--json").output) == {"orders": 1, "email": ADA}
    kept = run("customers", "erase", ADA, stdin="n\n")
    assert (kept.exit_code, "be undone" in kept.output) == (1, True)
    assert json.loads(run("customers", "erase", ADA, "--yes", "--json").output)["orders"] == 1
    for words_ in (("export", ADA), ("erase", ADA, "--yes"), ("move", ADA, NEW)):
        done = run("customers", *words_)
        assert (done.exit_code, "Nobody bought with" in done.output) == (1, True)
    assert "is not an email address" in run("customers", "move", ADA, "nobody").output
