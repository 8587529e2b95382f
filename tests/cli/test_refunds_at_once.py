"""Two refunds at the same moment are one only where they give the same back."""

from collections.abc import Callable
from typing import Any

from flask import Flask

from storefront.core.db import db
from storefront.payments.fulfillment.refund import refund_order
from storefront.stripe_api.gateway import GATEWAY, Gateway
from storefront.stripe_api.seen import SeenRefund
from tests.support.sale import number_of, sell
from tests.support.sandbox_client import SandboxClient


class WithAnotherFirst(Gateway):
    """The real gateway; when it is about to refund, another command is faster."""

    def __init__(self, real: Gateway, another: Callable[[], object]) -> None:
        self.__dict__.update(real.__dict__)
        self.others = [another]

    def create_refund(self, *args: Any, **how: Any) -> SeenRefund:
        while self.others:
            self.others.pop()()
        return super().create_refund(*args, **how)


def test_makes_two_refunds_of_two_items_for_the_same_amount(app: Flask, sandbox: SandboxClient) -> None:
    number = number_of(sell(app, sandbox, ("twinspot", "Personal"), ("the-patient-toolmaker", "")))
    real = GATEWAY.get(app)
    GATEWAY.set(WithAnotherFirst(real, lambda: refund_order(number, amount="5.00", positions=[2])), app)
    with app.app_context():
        refund_order(number, amount="5.00", positions=[1])
        db.session.remove()
    refunds: list[Any] = list(sandbox.stripe.v1.refunds.list().data)
    assert sorted(refund.metadata["storefront_items"] for refund in refunds) == ["1", "2"]
    assert [refund.amount for refund in refunds] == [500, 500]
