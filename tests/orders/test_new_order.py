"""A number that is taken: the next one that derives from the Session, and never another order's."""

import pytest
from flask import Flask

from storefront.orders import new_order
from tests.support.databases import BOTH
from tests.support.rows import read_rows
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer

both = pytest.mark.parametrize("engine", BOTH, indirect=True)


@pytest.fixture
def numbers(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What each try is given, in turn."""
    given = ["AAAAAAAA", "AAAAAAAA", "CCCCCCCC"]
    monkeypatch.setattr(new_order, "_number", lambda _seed, _attempt: given.pop(0))
    return given


def buy(buyer: Buyer, sandbox: SandboxClient) -> None:
    buyer.add("the-patient-toolmaker")
    session_id = buyer.check_out()
    sandbox.pay(session_id)
    assert buyer.land(session_id).status_code == 200


@both
def test_takes_the_next_number_when_one_is_taken(
    numbers: list[str], buyer: Buyer, sandbox: SandboxClient, app: Flask
) -> None:
    buy(buyer, sandbox)
    buy(buyer, sandbox)
    taken = read_rows(app, "SELECT number FROM orders ORDER BY id")
    assert [row["number"] for row in taken] == ["AAAAAAAA", "CCCCCCCC"]
    assert numbers == []
