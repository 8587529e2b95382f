"""The checker of a soak can fail: each wrong of a world made by hand is found, and nothing is in a right one."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from tests.soak.checker import OWNER, Evidence, Sale, Seen, State, Verdict, Wrong, judge
from tests.soak.letter import Letter

ADA, ROSA = "ada@example.com", "rosa@example.net"
KEYS = ("TWIN-AAAAA-BBBBB-CCCCC-DDDDD", "TWIN-EEEEE-FFFFF-GGGGG-HHHHH")
FILES = frozenset({"twinspot-2.1.zip"})
NOBODY = frozenset[str]()
SALE = Sale(email=ADA, holder=ADA, state=State.OPEN, keys=2, files=FILES)
SEEN = Seen(
    pages=frozenset({"/orders/a"}),
    shown=KEYS,
    working=frozenset(KEYS),
    opened=FILES,
    devices={"desk": True},
    gone={"bag": False},
)
SHUT = Seen(
    pages=frozenset({"/orders/a"}),
    shown=(),
    working=NOBODY,
    opened=NOBODY,
    devices={"desk": False},
    gone={"bag": False},
)


def letter(subject: str = "Your license keys for Twinspot", **changes: Any) -> Letter:
    first = Letter(message_id="<1@shop>", to=ADA, subject=subject, text="", at=100.0, is_answered=True)
    return replace(first, **changes)


def verdict(sale: Sale, seen: Seen | None, *letters: Letter, **more: Any) -> Verdict:
    by_buyer: Mapping[str, Seen] = {sale.email: seen} if seen else {}
    return judge(Evidence(sales=(sale,), seen=by_buyer, letters=letters, **more))


def wrongs(*arguments: Any, **named: Any) -> list[Wrong]:
    return [finding.wrong for finding in verdict(*arguments, **named).findings]


def changed(**changes: Any) -> Sale:
    return replace(SALE, **changes)


REFUND = letter("Refunded: $19.00 of order 1042", message_id="<2@shop>")
REFUNDED = changed(state=State.CLOSED, refunds=1, was_closed=True)
UNPAID = changed(state=State.UNPAID)
FAILED = letter("Your payment for order 1042 didn't go through")
DISPUTE = letter("Dispute: $19.00 of order 1042", to=OWNER, message_id="<5@shop>")
GIFT = changed(holder=ROSA)
GIFT_LETTER = letter("Ada sent you a gift from Test Shop", to=ROSA, message_id="<3@shop>")


@pytest.mark.parametrize(
    ("sale", "seen", "letters"),
    [
        (SALE, SEEN, [letter()]),
        (SALE, SEEN, [letter(), letter("Your order 1042: payment pending", message_id="<4@shop>")]),
        (REFUNDED, SHUT, [letter(), REFUND]),
        (REFUNDED, SHUT, [REFUND]),
        (UNPAID, SHUT, [FAILED]),
        (GIFT, SEEN, [letter(), GIFT_LETTER]),
        (changed(disputes=1, was_closed=True), SEEN, [letter(), DISPUTE]),
    ],
)
def test_finds_nothing_in_a_right_world(sale: Sale, seen: Seen, letters: list[Letter]) -> None:
    assert verdict(sale, seen, *letters) == Verdict(findings=())


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"shown": KEYS[:1], "working": frozenset(KEYS[:1])}, Wrong.LOST),
        ({"working": frozenset(KEYS[:1])}, Wrong.LOST),
        ({"opened": NOBODY}, Wrong.LOST),
        ({"devices": {"desk": False}}, Wrong.LOST),
        ({"shown": (*KEYS, "TWIN-X"), "working": frozenset((*KEYS, "TWIN-X"))}, Wrong.DOUBLED),
        ({"shown": (*KEYS, KEYS[0])}, Wrong.DOUBLED),
        ({"working": frozenset((*KEYS, "TWIN-X"))}, Wrong.DOUBLED),
        ({"pages": frozenset({"/orders/a", "/orders/b"})}, Wrong.DOUBLED),
        ({"opened": FILES | {"soft-taps-1.2.zip"}}, Wrong.LET_IN),
        ({"gone": {"bag": True}}, Wrong.LET_IN),
    ],
)
def test_finds_what_is_wrong_with_an_open_order(changes: dict[str, Any], wrong: Wrong) -> None:
    assert wrongs(SALE, replace(SEEN, **changes), letter()) == [wrong]


def test_finds_an_order_that_nobody_has() -> None:
    assert wrongs(SALE, None, letter()) == [Wrong.LOST, Wrong.LOST]


@pytest.mark.parametrize("sale", [REFUNDED, UNPAID])
@pytest.mark.parametrize(
    "changes",
    [{"shown": KEYS}, {"working": frozenset(KEYS[:1])}, {"opened": FILES}, {"devices": {"desk": True}}],
)
def test_finds_who_is_let_in(sale: Sale, changes: dict[str, Any]) -> None:
    letters = [FAILED] if sale is UNPAID else [letter(), REFUND]
    assert wrongs(sale, replace(SHUT, **changes), *letters) == [Wrong.LET_IN]


@pytest.mark.parametrize(
    ("sale", "seen", "letters"),
    [
        (SALE, SEEN, []),
        (SALE, SEEN, [letter(to="other@example.com")]),
        (UNPAID, SHUT, []),
        (REFUNDED, SHUT, [letter()]),
        (GIFT, SEEN, [letter()]),
        (GIFT, SEEN, [GIFT_LETTER]),
        (changed(state=State.CLOSED, disputes=1, waiting_disputes=1, was_closed=True), SHUT, [letter()]),
    ],
)
def test_finds_a_lost_email(sale: Sale, seen: Seen, letters: list[Letter]) -> None:
    assert wrongs(sale, seen, *letters) == [Wrong.MAIL_LOST]


@pytest.mark.parametrize(
    ("sale", "seen", "letters"),
    [
        (SALE, SEEN, [letter(), letter(message_id="<2@shop>")]),
        (SALE, SEEN, [letter(), REFUND]),
        (UNPAID, SHUT, [FAILED, letter(message_id="<2@shop>")]),
        (SALE, SEEN, [letter(), DISPUTE]),
    ],
)
def test_finds_an_email_that_is_not_true(sale: Sale, seen: Seen, letters: list[Letter]) -> None:
    assert wrongs(sale, seen, *letters) == [Wrong.MAIL_UNTRUE]


def test_tells_a_doubled_email_from_one_whose_answer_was_lost() -> None:
    again = letter(at=400.0)
    assert wrongs(SALE, SEEN, letter(), again) == [Wrong.MAIL_DOUBLED]
    assert wrongs(SALE, SEEN, letter(), again, lapses=(97.0, 399.0)) == [Wrong.MAIL_DOUBLED]
    assert verdict(SALE, SEEN, letter(is_answered=False), again) == Verdict(findings=(), unanswered=1)
    for lapse in (101.0, 99.9):
        assert verdict(SALE, SEEN, letter(), again, lapses=(lapse,)) == Verdict(findings=(), unnoted=1)


def test_finds_one_key_with_two_buyers() -> None:
    other = replace(SALE, email=ROSA, holder=ROSA)
    letters = (letter(), letter(to=ROSA, message_id="<2@shop>"))
    shared = Evidence(sales=(SALE, other), seen={ADA: SEEN, ROSA: SEEN}, letters=letters)
    assert [finding.wrong for finding in judge(shared).findings] == [Wrong.DOUBLED, Wrong.DOUBLED]


def test_finds_who_paid_twice_and_whose_payment_is_nowhere() -> None:
    twice = Evidence(sales=(SALE, SALE), seen={ADA: SEEN}, letters=(letter(),))
    assert [finding.wrong for finding in judge(twice).findings] == [Wrong.PAID_TWICE]
    assert wrongs(SALE, SEEN, letter(), buyers=frozenset({ADA, ROSA})) == [Wrong.LOST]


def test_finds_who_gave_up() -> None:
    assert wrongs(SALE, SEEN, letter(), gave_up={ADA: "no page"}) == [Wrong.STUCK]
