"""PostgreSQL ends one of two transactions that wait for each other: the sale goes on as if nothing had been."""

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

from storefront.payments.fulfillment import fulfill
from storefront.payments.fulfillment.converge import converge_order as converge
from tests.support.rows import read_rows
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer, keys_on


def failing(error: Exception, *, times: int) -> Callable[..., Any]:
    """Return `converge_order` that does its work and is then ended, so often."""
    left = [error] * times

    def converge_order(*args: Any, **options: Any) -> Any:
        converged = converge(*args, **options)
        if left:
            raise OperationalError("INSERT", {}, left.pop())
        return converged

    return converge_order


def sold(buyer: Buyer, sandbox: SandboxClient) -> str:
    buyer.add("twinspot", "Personal")
    session_id = buyer.check_out()
    sandbox.pay(session_id)
    return session_id


@pytest.mark.parametrize("times", [1, fulfill.MOST_DEADLOCKS])
def test_sells_once_when_the_database_ends_its_transaction_for_another(
    times: int, buyer: Buyer, sandbox: SandboxClient, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    session_id = sold(buyer, sandbox)
    ended = failing(psycopg.errors.DeadlockDetected(), times=times)
    monkeypatch.setattr(fulfill, "converge_order", ended)
    assert len(keys_on(buyer.land(session_id).text)) == 1
    assert len(read_rows(app, "SELECT id FROM orders")) == 1


@pytest.mark.parametrize(
    "error", [psycopg.errors.DeadlockDetected(), psycopg.errors.AdminShutdown()], ids=["deadlocks", "shutdown"]
)
def test_says_that_the_database_is_in_trouble_when_it_stays_so(
    error: Exception, buyer: Buyer, sandbox: SandboxClient, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    session_id = sold(buyer, sandbox)
    monkeypatch.setattr(fulfill, "converge_order", failing(error, times=fulfill.MOST_DEADLOCKS + 1))
    page = buyer.land(session_id)
    assert page.status_code == 503
    assert "Nothing is lost" in page.text or "Your payment is safe" in page.text
    assert read_rows(app, "SELECT id FROM orders") == []
