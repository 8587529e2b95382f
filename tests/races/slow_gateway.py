"""A reader of Stripe that waits between the answer and its use, until a test lets it go on."""

import threading
from concurrent.futures import Future, ThreadPoolExecutor

from flask import Flask

from storefront.payments.fulfillment.fulfill import Look
from storefront.payments.fulfillment.outcome import Outcome
from storefront.stripe_api.gateway import Gateway
from storefront.stripe_api.seen import SeenCheckout
from tests.support.fulfill import look

WAIT_SECONDS = 60


class SlowGateway(Gateway):
    """The real gateway with a barrier: threads that are told to be slow wait between answer and use."""

    def __init__(self, real: Gateway) -> None:
        self.__dict__.update(real.__dict__)
        self.slow_thread: int | None = None
        self.has_read = threading.Event()
        self.may_go_on = threading.Event()

    def get_checkout(self, session_id: str, *, thorough: bool = False) -> SeenCheckout:
        seen = super().get_checkout(session_id, thorough=thorough)
        if threading.get_ident() == self.slow_thread and not self.may_go_on.is_set():
            self.has_read.set()
            assert self.may_go_on.wait(WAIT_SECONDS)
        return seen


def look_slowly(
    app: Flask, gateway: SlowGateway, pool: ThreadPoolExecutor, session_id: str, how: Look = Look.NOW
) -> "Future[Outcome]":
    """Returns when the slow thread has Stripe's answer and nothing written."""

    def run() -> Outcome:
        gateway.slow_thread = threading.get_ident()
        return look(app, session_id, how)

    future = pool.submit(run)
    assert gateway.has_read.wait(WAIT_SECONDS)
    return future
