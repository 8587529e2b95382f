"""Access is one pure function: a table of every fact that changes it, and rules that hold for all of them."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storefront.orders.access import DISPUTE_REASONS, SENTENCES, Facts, Reason, access

PAID = Facts(
    is_paid=True,
    has_failed=False,
    total_minor=1900,
    refunded_minor=0,
    is_disputed=False,
    dispute_status=None,
    is_withdrawn=False,
)

# https://docs.stripe.com/api/disputes/object, `status`, API version 2026-10-28.endive. Inquiries (`warning_…`)
# and prevented disputes move no money.
DISPUTES = {
    "needs_response": (False, Reason.DISPUTED),
    "under_review": (False, Reason.DISPUTED),
    "appeal_needs_response": (False, Reason.DISPUTED),
    "appeal_under_review": (False, Reason.DISPUTED),
    "lost": (False, Reason.DISPUTE_LOST),
    "won": (True, Reason.DISPUTE_WON),
    "prevented": (True, Reason.DISPUTE_WON),
    "warning_needs_response": (True, Reason.INQUIRY),
    "warning_under_review": (True, Reason.INQUIRY),
    "warning_closed": (True, Reason.INQUIRY),
}

amounts = st.integers(min_value=0, max_value=99_999_999)
statuses = st.one_of(st.none(), st.sampled_from(sorted(DISPUTES)), st.text(max_size=20))
any_facts = st.builds(
    Facts,
    is_paid=st.booleans(),
    has_failed=st.booleans(),
    total_minor=amounts,
    refunded_minor=amounts,
    is_disputed=st.booleans(),
    dispute_status=statuses,
    is_withdrawn=st.booleans(),
)


@pytest.mark.parametrize(
    ("changes", "allowed", "reason"),
    [
        ({}, True, Reason.PAID),
        ({"total_minor": 0}, True, Reason.FREE),
        ({"is_paid": False}, False, Reason.AWAITING_PAYMENT),
        ({"is_paid": False, "has_failed": True}, False, Reason.PAYMENT_FAILED),
        ({"has_failed": True}, True, Reason.PAID),
        ({"is_paid": False, "total_minor": 0}, False, Reason.AWAITING_PAYMENT),
        ({"refunded_minor": 1}, True, Reason.PARTLY_REFUNDED),
        ({"refunded_minor": 1899}, True, Reason.PARTLY_REFUNDED),
        ({"refunded_minor": 1900}, False, Reason.REFUNDED),
        ({"refunded_minor": 1901}, False, Reason.REFUNDED),
        ({"is_withdrawn": True}, False, Reason.WITHDRAWN),
        ({"is_withdrawn": True, "is_paid": False}, False, Reason.WITHDRAWN),
        ({"is_withdrawn": True, "total_minor": 0}, False, Reason.WITHDRAWN),
    ],
)
def test_follows_payment_refund_and_withdrawal(changes: dict[str, Any], allowed: bool, reason: Reason) -> None:
    found = access(replace(PAID, **changes))
    assert (found.allowed, found.reason) == (allowed, reason)


@pytest.mark.parametrize("refunded_minor", [0, 500, 1900])
@pytest.mark.parametrize("status", sorted(DISPUTES))
def test_follows_every_dispute_status_unless_all_was_refunded(status: str, refunded_minor: int) -> None:
    found = access(replace(PAID, is_disputed=True, dispute_status=status, refunded_minor=refunded_minor))
    expected = (False, Reason.REFUNDED) if refunded_minor == PAID.total_minor else DISPUTES[status]
    assert (found.allowed, found.reason) == expected


def test_knows_every_dispute_status_by_name() -> None:
    assert set(DISPUTE_REASONS) == set(DISPUTES)


def test_has_a_sentence_for_every_reason() -> None:
    assert set(SENTENCES) == set(Reason)
    assert all(sentence.endswith(".") for sentence in SENTENCES.values())


@given(any_facts)
def test_never_allows_what_is_unpaid_or_withdrawn(facts: Facts) -> None:
    if not facts.is_paid or facts.is_withdrawn:
        assert not access(facts).allowed


@given(any_facts)
def test_denies_after_a_full_refund_whatever_else_is_true(facts: Facts) -> None:
    refunded = replace(facts, total_minor=facts.total_minor + 1, refunded_minor=facts.total_minor + 1)
    assert not access(refunded).allowed


@given(total=amounts, part=st.integers(min_value=0, max_value=99), ended=st.sampled_from(["won", "prevented"]))
def test_restores_access_when_a_dispute_ends_for_the_shop(total: int, part: int, ended: str) -> None:
    before = replace(PAID, total_minor=total, refunded_minor=total * part // 100)
    during = replace(before, is_disputed=True, dispute_status="needs_response")
    after = replace(during, dispute_status=ended)
    assert access(before).allowed
    assert access(during).allowed is (total == 0)
    assert access(after).allowed


@given(st.text(max_size=30).filter(lambda status: status not in DISPUTES))
def test_keeps_access_under_an_unknown_dispute_status(status: str) -> None:
    found = access(replace(PAID, is_disputed=True, dispute_status=status))
    assert (found.allowed, found.reason) == (True, Reason.DISPUTE_UNKNOWN)


@given(any_facts)
def test_ignores_a_dispute_status_of_a_charge_that_is_not_disputed(facts: Facts) -> None:
    calm = replace(facts, is_disputed=False)
    assert access(calm) == access(replace(calm, dispute_status=None))


@given(any_facts)
def test_never_lets_a_refund_give_access(facts: Facts) -> None:
    more = replace(facts, refunded_minor=facts.refunded_minor + 1)
    assert access(facts).allowed or not access(more).allowed
