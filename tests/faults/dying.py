"""A process that dies between two statements, and a paid Session for it to die over."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask
from sqlalchemy import event

from storefront.core.db import db
from tests.support.rows import read_rows
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer


class Died(BaseException):
    """Not an Exception: nothing may catch it and carry on, as nothing could after SIGKILL."""


@contextmanager
def dying_before(app: Flask, statement_number: int) -> Iterator[None]:
    countdown = statement_number

    def count(*_arguments: Any) -> None:
        nonlocal countdown
        countdown -= 1
        if countdown == 0:
            raise Died

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", count)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", count)


def paid_session(buyer: Buyer, sandbox: SandboxClient, app: Flask) -> str:
    if not read_rows(app, "SELECT 1 FROM stripe_mirrors"):
        buyer.add("twinspot", "Personal")
        buyer.check_out()
    price = read_rows(app, "SELECT stripe_price_id FROM stripe_mirrors")[0]["stripe_price_id"]
    session_id = sandbox.create_session([{"price": price, "quantity": 2}])
    sandbox.pay(session_id)
    return session_id
