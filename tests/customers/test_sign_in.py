"""Sign-in: the same answer for everybody, a code and a link that scanners cannot use up, five wrong codes."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from werkzeug.test import TestResponse

from storefront.core import clock
from storefront.core.db import db
from storefront.customers import proofs
from storefront.customers.models import ProofPurpose
from storefront.customers.sign_in import sign_in_by_code
from storefront.customers.spend_proofs import CodeResult, Reader
from tests.support.databases import BOTH
from tests.support.rows import change_rows, read_rows
from tests.support.sale import sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import ADA, Buyer, Shop
from tests.support.sign_in import is_in
from tests.support.statements import counted

both = pytest.mark.parametrize("engine", BOTH, indirect=True)


def ask_for_code(buyer: Buyer, email: str = ADA) -> TestResponse:
    return buyer.post("/sign-in", email=email)


def mailed(shop: Shop, email: str = ADA) -> tuple[str, str]:
    """Return code and link of the newest email to an address."""
    shop.work()
    mail = next(mail for mail in shop.mails() if email in str(mail["to"]).lower() and "code" in mail["subject"])
    code = re.search(r"\b([0-9A-Z]{4}-[0-9A-Z]{4})\b", str(mail["subject"]))
    link = re.search(r"(/sign-in/link/[0-9a-f]{32})", str(mail["text"]))
    assert code
    assert link
    return code[1], link[1]


@pytest.mark.happy_path
def test_takes_a_code_from_the_mail_in_any_spelling(shop: Shop, sandbox: SandboxClient) -> None:
    sell(shop.app, sandbox, email="Ada@Example.com")
    for spell in (str.lower, str.upper, lambda code: code.replace("-", " ")):
        buyer = Buyer(shop.app)
        assert ask_for_code(buyer, ADA).location == "/sign-in/code"
        code, _link = mailed(shop)
        assert buyer.post("/sign-in/code", code=spell(code)).location == "/library"
        assert is_in(buyer)


def test_makes_the_link_a_page_with_a_button_that_may_be_opened_often(shop: Shop, sandbox: SandboxClient) -> None:
    sell(shop.app, sandbox, email=ADA)
    ask_for_code(Buyer(shop.app))
    _code, link = mailed(shop)
    scanner = Buyer(shop.app)
    for _ in range(3):
        assert scanner.get(link).status_code == 200
    assert not is_in(scanner)
    phone, late = Buyer(shop.app), Buyer(shop.app)
    for _ in range(2):
        assert phone.post(link).location == "/library"
        assert is_in(phone)
        assert phone.get(link).status_code == 200
    ended = late.get(link)
    assert (ended.status_code, "has expired" in ended.text) == (404, True)
    assert late.post(link).location == link
    assert not is_in(late)
    ask_for_code(Buyer(shop.app))
    with time_machine.travel(clock.now() + timedelta(minutes=11), tick=True):
        late.post(mailed(shop)[1])
        assert not is_in(late)


def test_shows_a_stranger_what_a_customer_sees_and_mails_nothing(shop: Shop, sandbox: SandboxClient) -> None:
    sell(shop.app, sandbox, email=ADA)
    seen = []
    for email in (ADA, "eve@example.com"):
        buyer = Buyer(shop.app)
        buyer.get("/products/twinspot")
        with counted(shop.app) as statements:
            answer = ask_for_code(buyer, email)
        page = buyer.get(answer.location).text.replace(email, "…")
        page = re.sub(r'value="[^"]{40,}"|nonce-[^\']+|nonce="[^"]+"', "", page)
        seen.append((answer.status_code, answer.location, page, statements))
    assert seen[0] == seen[1]
    shop.work()
    assert shop.mails(to="eve@example.com") == []
    rows = read_rows(shop.app, "SELECT state, last_error FROM outbox WHERE recipient = 'eve@example.com'")
    assert rows == [{"state": "canceled", "last_error": "nothing was bought with this address"}]


def test_refuses_a_right_code_after_too_many_wrong_ones(shop: Shop, sandbox: SandboxClient) -> None:
    sell(shop.app, sandbox, email=ADA)
    buyer = Buyer(shop.app)
    ask_for_code(buyer)
    code, _link = mailed(shop)
    for _ in range(5):
        wrong = buyer.post("/sign-in/code", code="AAAA-AAAA")
        assert (wrong.status_code, "check each letter. If it was used already, send" in wrong.text) == (400, True)
    over = buyer.post("/sign-in/code", code=code)
    assert (over.status_code, "Too many wrong codes" in over.text) == (400, True)
    assert not is_in(buyer)


def test_ends_a_code_after_its_minutes(shop: Shop, sandbox: SandboxClient) -> None:
    sell(shop.app, sandbox, email=ADA)
    buyer = Buyer(shop.app)
    ask_for_code(buyer)
    code, _link = mailed(shop)
    with time_machine.travel(clock.now() + timedelta(minutes=11), tick=True):
        late = buyer.post("/sign-in/code", code=code)
        assert (late.status_code, "has expired" in late.text) == (400, True)


def test_takes_a_code_only_from_the_browser_that_asked(shop: Shop, sandbox: SandboxClient) -> None:
    sell(shop.app, sandbox, email=ADA)
    ask_for_code(Buyer(shop.app))
    code, _link = mailed(shop)
    other = Buyer(shop.app)
    assert other.post("/sign-in/code", code=code).location == "/sign-in"
    ask_for_code(other, "eve@example.com")
    assert other.post("/sign-in/code", code=code).status_code == 400


@both
def test_counts_five_wrong_codes_however_many_guess_at_once(app: Flask) -> None:
    with app.app_context():
        proof_id = proofs.start_proof(purpose=ProofPurpose.SIGN_IN, email=ADA)
        db.session.remove()

    def guess(_number: int) -> CodeResult:
        with app.app_context():
            try:
                reader = Reader(browser="one", client="127.0.0.1")
                return sign_in_by_code(proof_id, "AAAA-AAAA", reader=reader, browser="", before="")[0]
            finally:
                db.session.remove()

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(guess, range(20)))
    assert (results.count(CodeResult.WRONG), results.count(CodeResult.TOO_MANY)) == (5, 15)


def test_keeps_five_mails_of_one_address_open_at_once(app: Flask) -> None:
    with app.app_context():
        for _ in range(7):
            proofs.start_proof(purpose=ProofPurpose.SIGN_IN, email=ADA)
        db.session.remove()
    assert len(read_rows(app, "SELECT id FROM outbox")) == 5


def test_says_at_once_what_is_no_address(buyer: Buyer) -> None:
    for wrong in ("", "ada", "ada@", "a b@example.com", f"{'a' * 300}@example.com"):
        answer = buyer.post("/sign-in", email=wrong)
        assert (answer.status_code, "look like an email address" in answer.text) == (400, True)
    assert buyer.get("/sign-in/code").location == "/sign-in"


def test_limits_who_asks_again_and_again(buyer: Buyer) -> None:
    statuses = [ask_for_code(buyer, f"a{number}@example.com").status_code for number in range(6)]
    assert statuses == [303] * 5 + [429]


def test_ends_every_browser_at_signing_out_everywhere(shop: Shop, sandbox: SandboxClient) -> None:
    sell(shop.app, sandbox, email=ADA)
    first, second = Buyer(shop.app), Buyer(shop.app)
    for buyer in (first, second):
        ask_for_code(buyer)
        buyer.post(mailed(shop)[1])
    assert is_in(first)
    assert is_in(second)
    first.add("soft-taps")
    first.post("/sign-out", everywhere="1")
    assert not is_in(first)
    assert not is_in(second)
    assert "Soft Taps" in first.get("/cart").text


def test_says_that_a_used_link_has_ended_after_signing_out(shop: Shop, sandbox: SandboxClient) -> None:
    sell(shop.app, sandbox, email=ADA)
    ada = Buyer(shop.app)
    ask_for_code(ada)
    _code, link = mailed(shop)
    for _twice in range(2):
        assert ada.post(link).location == "/library"
    ada.post("/sign-out")
    page = ada.get(link)
    assert (page.status_code, "This link has expired" in page.text) == (404, True)
    assert not is_in(ada)


def test_says_that_a_used_link_has_ended_where_another_browser_ended_this_one(
    shop: Shop, sandbox: SandboxClient
) -> None:
    sell(shop.app, sandbox, email=ADA)
    ada = Buyer(shop.app)
    ask_for_code(ada)
    _code, link = mailed(shop)
    ada.post(link)
    change_rows(shop.app, "DELETE FROM sign_ins")
    pressed = ada.post(link)
    assert (pressed.status_code, "This link has expired" in pressed.text) == (404, True)
