"""Codes: used up once by who uses them, and no stranger ends those of somebody else."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import text

from storefront.core import clock
from storefront.core.db import db, transaction
from storefront.customers import ceilings, proofs
from storefront.customers.ceilings import Mailed, choose_shared
from storefront.customers.models import AddressProof, ProofPurpose
from storefront.customers.spend_proofs import WRONG_PER_CLIENT, WRONG_TOGETHER
from tests.support.databases import BOTH
from tests.support.rows import read_rows
from tests.support.shop import ADA, Buyer
from tests.support.sign_in import ask_for_code, code_in, enter_code, is_in, link_in, make_customer, waiting_mails

both = pytest.mark.parametrize("engine", BOTH, indirect=True)
WRONG = "AAAA-AAAA"


def test_ends_only_the_tries_of_the_stranger_who_guesses(app: Flask) -> None:
    """Also where the codes are the same, because many mails went to the address already."""
    make_customer(app)
    strangers = [ask_for_code(app, f"203.0.113.{number}") for number in range(8)]
    ada = ask_for_code(app, "198.51.100.1")
    assert len(waiting_mails(app)) == ceilings.MOST_MAILS
    for stranger in strangers:
        answers = [stranger.post("/sign-in/code", code=WRONG) for _ in range(6)]
        assert "check each letter" in answers[4].text
        assert "Too many wrong codes" in answers[5].text
        assert not enter_code(stranger, code_in(waiting_mails(app)[-1]))
    assert enter_code(ada, code_in(waiting_mails(app)[-1]))
    assert is_in(ada)


def test_lets_no_stranger_who_asks_again_and_again_lock_anybody_out_or_flood_anybody(app: Flask) -> None:
    make_customer(app)
    with time_machine.travel(clock.now(), tick=False) as clocks:
        for minute in range(60):
            for number in range(3):
                ask_for_code(app, f"203.0.{minute}.{number}")
            if minute % 7 == 0:
                ada = ask_for_code(app, f"198.51.100.{minute}")
                assert enter_code(ada, code_in(waiting_mails(app)[-1])), minute
            clocks.shift(timedelta(minutes=1))
    sent = read_rows(app, "SELECT count(*) AS count FROM address_proofs WHERE spent_at IS NULL")[0]["count"]
    assert sent <= ceilings.MANY_A_DAY + 60 // 5


@pytest.mark.parametrize(
    ("minutes_old", "unused", "shared"),
    [
        ([], 0, None),
        ([0, 0, 0, 0], 4, None),
        ([1, 2, 3, 4, 4], 5, 0),
        ([5, 6, 7, 8, 9], 5, None),
        ([1], 9, None),
        ([1], 10, 0),
        ([5], 10, None),
        ([], 10, None),
    ],
)
def test_mails_no_other_code_while_one_is_open_and_young(
    minutes_old: list[int], unused: int, shared: int | None
) -> None:
    now = clock.now()

    def mailed(number: int, minutes: float) -> Mailed:
        created_at = now - timedelta(minutes=minutes)
        return Mailed(id=number, created_at=created_at, expires_at=created_at + proofs.LIFETIME)

    known = [mailed(number, minutes) for number, minutes in enumerate(minutes_old)]
    known += [mailed(number, 600) for number in range(len(known), unused)]
    assert choose_shared(known, now) == shared


def test_hands_a_code_that_was_used_to_nobody(app: Flask) -> None:
    make_customer(app)
    used = []
    for number in range(ceilings.MOST_MAILS + 3):
        ada = ask_for_code(app, f"198.51.100.{number}")
        code = code_in(waiting_mails(app)[-1])
        assert code not in used
        used.append(code)
        assert enter_code(ada, code)
    late = ask_for_code(app, "198.51.100.99")
    assert not any(enter_code(late, code) for code in used[:4])


def test_takes_the_code_of_any_mail_that_is_open(app: Flask) -> None:
    make_customer(app)
    first, second = ask_for_code(app), ask_for_code(app)
    old, new = waiting_mails(app)
    assert enter_code(second, code_in(old))
    assert enter_code(first, code_in(new))


def test_uses_up_nothing_by_a_page_that_is_only_looked_at(app: Flask) -> None:
    make_customer(app)
    ada = ask_for_code(app)
    (mail,) = waiting_mails(app)
    scanner = Buyer(app)
    for method in ("GET", "HEAD", "OPTIONS"):
        with scanner.client.open(link_in(mail), method=method, base_url=scanner.base_url) as answer:
            assert answer.status_code == 200
    ada.get("/sign-in/code")
    assert not is_in(scanner)
    assert enter_code(ada, code_in(mail))


def test_uses_up_code_and_link_of_a_mail_together(app: Flask) -> None:
    make_customer(app)
    ada, thief = ask_for_code(app), Buyer(app)
    (mail,) = waiting_mails(app)
    assert enter_code(ada, code_in(mail))
    assert thief.get(link_in(mail)).status_code == 404
    assert thief.post(link_in(mail)).location == link_in(mail)
    assert not is_in(thief)


def test_signs_no_browser_in_that_signed_out_by_its_old_post(app: Flask) -> None:
    make_customer(app)
    ada = ask_for_code(app)
    (mail,) = waiting_mails(app)
    cookie = ada.client.get_cookie("storefront_session", domain="localhost")
    assert cookie
    assert enter_code(ada, code_in(mail))
    ada.post("/sign-out")
    ada.client.set_cookie("storefront_session", cookie.value, domain="localhost")
    assert not enter_code(ada, code_in(mail))
    assert not is_in(ada)


@both
def test_ends_a_double_click_signed_in_whichever_answer_comes_last(app: Flask) -> None:
    make_customer(app)
    ada = ask_for_code(app)
    (mail,) = waiting_mails(app)
    token = ada.csrf_token()
    cookie = ada.client.get_cookie("storefront_session", domain="localhost")
    assert cookie

    def press(_number: int) -> Buyer:
        twin = Buyer(app)
        twin.client.set_cookie("storefront_session", cookie.value, domain="localhost")
        form = {"csrf_token": token, "code": code_in(mail)}
        answer = twin.client.post(
            "/sign-in/code", data=form, base_url=twin.base_url, headers={"Referer": twin.base_url + "/"}
        )
        assert answer.location == "/library"
        return twin

    with ThreadPoolExecutor(4) as pool:
        twins = list(pool.map(press, range(4)))
    assert all(is_in(twin) for twin in twins)
    assert len(read_rows(app, "SELECT id FROM sign_ins")) == 1


def test_lets_one_address_of_clients_type_so_many_wrong_codes_and_no_more(app: Flask) -> None:
    """New cookies do not help who asks from one place."""
    make_customer(app)
    with time_machine.travel(clock.now(), tick=False) as clocks:
        asked = [ask_for_code(app, f"203.0.113.{number}") for number in range(ceilings.MOST_MAILS)]
        tries = 0
        for number in range(WRONG_PER_CLIENT + 10):
            guesser = Buyer(app, address="2001:db8::1")
            with guesser.client.session_transaction(base_url=guesser.base_url) as kept:
                kept["proof"] = 1
            tries += "check each letter" in guesser.post("/sign-in/code", code=WRONG).text
            clocks.shift(timedelta(seconds=7) if number % 9 == 8 else timedelta(0))
            if number % 9 == 8:
                clocks.shift(timedelta(seconds=60))
    assert tries == WRONG_PER_CLIENT
    assert asked


def test_ends_guessing_by_many_browsers_while_the_link_and_who_asked_go_on(app: Flask) -> None:
    make_customer(app)
    ada, other = ask_for_code(app), Buyer(app, address="198.51.100.7")
    (mail,) = waiting_mails(app)
    with other.client.session_transaction(base_url=other.base_url) as kept:
        kept["proof"] = read_rows(app, "SELECT id FROM address_proofs")[0]["id"]
    with app.app_context(), transaction() as session:
        session.execute(text("UPDATE address_proofs SET attempts = :most"), {"most": WRONG_TOGETHER})
    assert "Too many wrong codes" in other.post("/sign-in/code", code=code_in(mail)).text
    assert Buyer(app).get(link_in(mail)).status_code == 200
    assert enter_code(ada, code_in(mail))


@pytest.mark.parametrize("purpose", [purpose for purpose in ProofPurpose if purpose is not ProofPurpose.SIGN_IN])
def test_signs_nobody_in_by_a_code_or_link_of_another_purpose(app: Flask, purpose: ProofPurpose) -> None:
    make_customer(app)
    ada = ask_for_code(app)
    with app.app_context():
        about = None if purpose is ProofPurpose.ERASE else "1"
        proof_id = proofs.start_proof(purpose=purpose, email=ADA, about=about)
        seed = db.session.get_one(AddressProof, proof_id).seed
        code, link = proofs.code_of(seed), proofs.link_of(seed)
        db.session.remove()
    assert ada.get(f"/sign-in/link/{link}").status_code == 404
    assert ada.post(f"/sign-in/link/{link}").location == f"/sign-in/link/{link}"
    assert not enter_code(ada, code)
    with ada.client.session_transaction(base_url=ada.base_url) as kept:
        kept["proof"] = proof_id
    assert "has expired" in ada.post("/sign-in/code", code=code).text
    assert not is_in(ada)
    assert read_rows(app, "SELECT id FROM sign_ins") == []


def test_does_nothing_else_by_a_link_that_signs_in(app: Flask) -> None:
    make_customer(app)
    ask_for_code(app)
    path = link_in(waiting_mails(app)[0]).replace("/sign-in/link/", "/confirm/")
    buyer = Buyer(app)
    assert buyer.get(path).status_code == 404
    assert buyer.post(path).location == path
    assert read_rows(app, "SELECT erased_at FROM customers") == [{"erased_at": None}]


def test_opens_nothing_by_codes_of_another_mode(app: Flask) -> None:
    make_customer(app)
    ada = ask_for_code(app)
    (mail,) = waiting_mails(app)
    with app.app_context(), transaction() as session:
        session.execute(text("UPDATE address_proofs SET mode = 'live'"))
    assert Buyer(app).get(link_in(mail)).status_code == 404
    assert not enter_code(ada, code_in(mail))


def test_forgets_the_tries_along_with_their_codes(app: Flask) -> None:
    make_customer(app)
    ask_for_code(app).post("/sign-in/code", code=WRONG)
    assert len(read_rows(app, "SELECT who FROM code_tries")) == 2
    assert ADA not in str(read_rows(app, "SELECT * FROM code_tries"))
    with app.app_context(), time_machine.travel(clock.now() + timedelta(days=2), tick=True):
        proofs.forget_proofs()
        db.session.remove()
    assert read_rows(app, "SELECT who FROM code_tries") == []
