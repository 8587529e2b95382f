"""Access is one pure function: a table of every fact that changes it, and rules that hold for all of them."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storefront.orders.access import DENYING, SENTENCES, Reason, access
from storefront.orders.disputes import DISPUTE_STATUSES, weightiest_dispute
from storefront.orders.models import Decision
from tests.support.facts import SaleFacts

PAID = SaleFacts()

# https://docs.stripe.com/api/disputes/object, `status`, API version 2026-10-28.endive. Inquiries (`warning_…`)
# move no money. Whether a prevented dispute did is for the owner to look at: its notice says so.
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

# Of two disputes of one payment, the one that decides, whichever is named first.
WEIGHTIER = [
    ("lost", "needs_response"),
    ("lost", "won"),
    ("needs_response", "under_review"),
    ("under_review", "appeal_needs_response"),
    ("appeal_needs_response", "appeal_under_review"),
    ("appeal_under_review", "warning_needs_response"),
    ("under_review", "won"),
    ("warning_needs_response", "warning_under_review"),
    ("warning_under_review", "warning_closed"),
    ("warning_closed", "prevented"),
    ("prevented", "won"),
    ("won", "sent_to_the_moon"),
]

amounts = st.integers(min_value=0, max_value=99_999_999)
statuses = st.one_of(st.none(), st.sampled_from(sorted(DISPUTES)), st.text(max_size=20))
any_facts = st.builds(
    SaleFacts,
    is_paid=st.booleans(),
    has_failed=st.booleans(),
    total_minor=amounts,
    refunded_minor=amounts,
    is_disputed=st.booleans(),
    dispute_status=statuses,
    decision=st.sampled_from(Decision),
    is_item_refunded=st.booleans(),
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
        ({"is_item_refunded": True, "refunded_minor": 500}, False, Reason.ITEM_REFUNDED),
        ({"is_item_refunded": True, "refunded_minor": 1900}, False, Reason.REFUNDED),
        ({"decision": Decision.WITHDRAW}, False, Reason.WITHDRAWN),
        ({"decision": Decision.WITHDRAW, "is_paid": False}, False, Reason.WITHDRAWN),
        ({"decision": Decision.WITHDRAW, "total_minor": 0}, False, Reason.WITHDRAWN),
        ({"decision": Decision.ALLOW}, True, Reason.ALLOWED_BY_SHOP),
        ({"decision": Decision.ALLOW, "refunded_minor": 1900}, True, Reason.ALLOWED_BY_SHOP),
        ({"decision": Decision.ALLOW, "dispute_status": "lost"}, True, Reason.ALLOWED_BY_SHOP),
        ({"decision": Decision.ALLOW, "is_item_refunded": True}, True, Reason.ALLOWED_BY_SHOP),
        ({"decision": Decision.ALLOW, "is_paid": False}, False, Reason.AWAITING_PAYMENT),
        ({"is_disputed": True}, True, Reason.DISPUTE_UNKNOWN),
    ],
)
def test_follows_payment_refund_and_the_owners_decision(
    changes: dict[str, Any], allowed: bool, reason: Reason
) -> None:
    verdict = access(replace(PAID, **changes).facts)
    assert (verdict.allowed, verdict.reason) == (allowed, reason)


@pytest.mark.parametrize("refunded_minor", [0, 500, 1900])
@pytest.mark.parametrize("status", sorted(DISPUTES))
def test_follows_every_dispute_status_unless_all_was_refunded(status: str, refunded_minor: int) -> None:
    verdict = access(replace(PAID, is_disputed=True, dispute_status=status, refunded_minor=refunded_minor).facts)
    expected = (False, Reason.REFUNDED) if refunded_minor == PAID.total_minor else DISPUTES[status]
    assert (verdict.allowed, verdict.reason) == expected


def test_knows_every_dispute_status_by_name() -> None:
    assert set(DISPUTE_STATUSES) == set(DISPUTES)


def test_has_a_sentence_for_every_reason() -> None:
    assert set(SENTENCES) == set(Reason)
    assert all(sentence.endswith(".") for sentence in SENTENCES.values())


@given(any_facts)
def test_allows_nothing_that_is_unpaid_or_withdrawn(sale: SaleFacts) -> None:
    if not sale.is_paid or sale.decision is Decision.WITHDRAW:
        assert not access(sale.facts).allowed


@given(any_facts)
def test_denies_after_a_full_refund_unless_the_owner_allows(sale: SaleFacts) -> None:
    refunded = replace(sale, total_minor=sale.total_minor + 1, refunded_minor=sale.total_minor + 1)
    assert access(refunded.facts).allowed is (sale.is_paid and sale.decision is Decision.ALLOW)


@given(any_facts)
def test_allows_whatever_was_paid_where_the_owner_says_so(sale: SaleFacts) -> None:
    assert access(replace(sale, is_paid=True, decision=Decision.ALLOW).facts).allowed


@given(any_facts)
def test_gives_back_what_a_decision_took_when_it_is_undone(sale: SaleFacts) -> None:
    before = replace(sale, decision=Decision.FOLLOW_PAYMENT)
    withdrawn = replace(before, decision=Decision.WITHDRAW)
    assert not access(withdrawn.facts).allowed
    assert access(replace(withdrawn, decision=Decision.FOLLOW_PAYMENT).facts) == access(before.facts)


@given(any_facts)
def test_lets_no_item_live_longer_than_its_order(sale: SaleFacts) -> None:
    order, item = replace(sale, is_item_refunded=False), replace(sale, is_item_refunded=True)
    assert access(order.facts).allowed or not access(item.facts).allowed
    assert (access(item.facts).reason in DENYING) is not access(item.facts).allowed


@given(total=amounts, part=st.integers(min_value=0, max_value=99), ended=st.sampled_from(["won", "prevented"]))
def test_restores_access_when_a_dispute_ends_for_the_shop(total: int, part: int, ended: str) -> None:
    before = replace(PAID, total_minor=total, refunded_minor=total * part // 100)
    during = replace(before, is_disputed=True, dispute_status="needs_response")
    after = replace(during, dispute_status=ended)
    assert access(before.facts).allowed
    assert access(during.facts).allowed is (total == 0)
    assert access(after.facts).allowed


@given(st.text(max_size=30).filter(lambda status: status not in DISPUTES))
def test_keeps_access_under_an_unknown_dispute_status(status: str) -> None:
    verdict = access(replace(PAID, is_disputed=True, dispute_status=status).facts)
    assert (verdict.allowed, verdict.reason) == (True, Reason.DISPUTE_UNKNOWN)


@given(any_facts)
def test_lets_no_refund_give_access(sale: SaleFacts) -> None:
    more = replace(sale, refunded_minor=sale.refunded_minor + 1)
    assert access(sale.facts).allowed or not access(more.facts).allowed


@pytest.mark.parametrize(("heavy", "light"), WEIGHTIER)
def test_decides_by_the_weightiest_of_several_disputes(heavy: str, light: str) -> None:
    assert weightiest_dispute([heavy, light]) == weightiest_dispute([light, heavy, light]) == heavy


def test_weighs_every_status_there_is() -> None:
    """From the heaviest to the lightest, each beside all others; what denies weighs more than what does not."""
    left, order = set(DISPUTES), []
    while left:
        heaviest = weightiest_dispute(sorted(left))
        assert heaviest is not None
        order.append(heaviest)
        left.remove(heaviest)
    denies = [not DISPUTES[status][0] for status in order]
    assert denies == sorted(denies, reverse=True)
    assert order[0] == "lost"


def test_weighs_no_dispute_as_nothing_and_unknown_ones_always_the_same() -> None:
    assert weightiest_dispute([]) is None
    assert weightiest_dispute(["b", "a"]) == weightiest_dispute(["a", "b"]) == "a"
