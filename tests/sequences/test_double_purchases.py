"""Two equal orders of one address: one notice for the pair, until either of them is refunded."""

import pytest
from flask import Flask

from tests.support.databases import BOTH
from tests.support.sale import sell
from tests.support.sandbox_client import SandboxClient

REFUNDS = ("refund.", "charge.refunded")


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_needs_nobody_once_either_is_refunded(app: Flask, sandbox: SandboxClient, which: int) -> None:
    sales = [sell(app, sandbox), sell(app, sandbox)]
    assert sales[0].open_notices() == ["double_purchase"]
    refund = sales[which].at_charge("refund", outcome="pending")
    sales[0].deliver(*REFUNDS)
    assert sales[0].open_notices() == []
    sandbox.control(f"refunds/{refund}/settle", result="canceled")
    sales[0].deliver(*REFUNDS)
    assert sales[0].open_notices() == ["double_purchase", "refund_failed"], "the buyer has paid twice again"
    sales[which].refund()
    sales[0].deliver(*REFUNDS)
    assert sales[0].open_notices() == []
