"""Whether a license works: of several reasons the one that `Code` lists first, everywhere the same."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storefront.delivery.licenses.codes import Code
from storefront.delivery.licenses.validity import license_refusal
from storefront.orders.access import access
from storefront.orders.disputes import DISPUTE_STATUSES
from storefront.orders.models import Decision
from tests.support.facts import SaleFacts

NOW = datetime(2027, 1, 1, tzinfo=UTC)
OVER, AHEAD = NOW - timedelta(seconds=1), NOW + timedelta(seconds=1)
PAID = SaleFacts()
REFUNDED = replace(PAID, refunded_minor=1900)
DISPUTED = replace(PAID, is_disputed=True, dispute_status="needs_response")

CASES = [
    (PAID, None, None, False, None),
    (PAID, None, AHEAD, False, None),
    (PAID, None, NOW, False, Code.EXPIRED),
    (PAID, None, OVER, False, Code.EXPIRED),
    (PAID, OVER, None, False, Code.WITHDRAWN),
    (PAID, None, None, True, Code.REPLACED),
    (REFUNDED, None, None, False, Code.REFUNDED),
    (replace(PAID, is_item_refunded=True), None, None, False, Code.REFUNDED),
    (replace(PAID, refunded_minor=100), None, None, False, None),
    (DISPUTED, None, None, False, Code.DISPUTED),
    (replace(DISPUTED, dispute_status="lost"), None, None, False, Code.DISPUTE_LOST),
    (replace(DISPUTED, dispute_status="won"), None, None, False, None),
    (replace(PAID, is_paid=False), None, None, False, Code.AWAITING_PAYMENT),
    (replace(PAID, is_paid=False, has_failed=True), None, None, False, Code.PAYMENT_FAILED),
    (replace(PAID, decision=Decision.WITHDRAW), None, None, False, Code.WITHDRAWN),
    (replace(REFUNDED, decision=Decision.ALLOW), None, None, False, None),
    (replace(REFUNDED, decision=Decision.ALLOW), None, OVER, False, Code.EXPIRED),
    (REFUNDED, OVER, OVER, True, Code.REPLACED),
    (REFUNDED, OVER, OVER, False, Code.WITHDRAWN),
    (REFUNDED, None, OVER, False, Code.REFUNDED),
    (DISPUTED, None, OVER, False, Code.DISPUTED),
]


@pytest.mark.parametrize(("sale", "withdrawn_at", "expires_at", "is_replaced", "expected"), CASES)
def test_answers_the_first_reason(
    sale: SaleFacts,
    withdrawn_at: datetime | None,
    expires_at: datetime | None,
    is_replaced: bool,
    expected: Code | None,
) -> None:
    refusal = license_refusal(
        sale.facts, withdrawn_at=withdrawn_at, expires_at=expires_at, now=NOW, is_replaced=is_replaced
    )
    assert refusal is expected


moments = st.sampled_from([None, OVER, AHEAD])


@given(
    sale=st.builds(
        SaleFacts,
        is_paid=st.booleans(),
        has_failed=st.booleans(),
        total_minor=st.sampled_from([0, 1900]),
        refunded_minor=st.sampled_from([0, 100, 1900]),
        is_disputed=st.booleans(),
        dispute_status=st.sampled_from([None, "unheard_of", *DISPUTE_STATUSES]),
        decision=st.sampled_from(Decision),
        is_item_refunded=st.booleans(),
    ),
    withdrawn_at=moments,
    expires_at=moments,
)
def test_works_only_while_its_order_is_open(
    sale: SaleFacts, withdrawn_at: datetime | None, expires_at: datetime | None
) -> None:
    refusal = license_refusal(sale.facts, withdrawn_at=withdrawn_at, expires_at=expires_at, now=NOW)
    is_open = access(sale.facts).allowed and withdrawn_at is None and expires_at is not OVER
    assert (refusal is None) is is_open
