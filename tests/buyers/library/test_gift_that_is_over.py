"""A gift whose order is over before its day is changed no more, and its page says why; one on hold still is."""

import pytest
from flask import Flask

from storefront.orders.decide import decide
from storefront.orders.models import Decision
from tests.support.gifts import FIELDS, TWINSPOT, give, in_days
from tests.support.rows import read_rows
from tests.support.sale import Sale
from tests.support.sandbox_client import SandboxClient

FORM = "Change address, message or day"
BOOK = ("the-patient-toolmaker", "E-book")
REFUNDED = "This order was refunded, so the gift no longer works."


def close(sale: Sale, how: str) -> None:
    if how == "refund":
        sale.refund()
    elif how == "items":
        sale.refund(amount=100, metadata={"storefront_items": "1,2"})
    elif how == "withdrawal":
        with sale.app.app_context():
            decide(sale.session_id, Decision.WITHDRAW)
    else:
        sale.at_charge("dispute", status="needs_response")
    sale.deliver("charge.", "refund.")


def change(sale: Sale) -> str:
    """Send the form as it was shown before, for somebody else; return who the gift is for then."""
    fields = {name: value for name, value in FIELDS.items() if name != "is_gift"}
    answer = sale.buyer.post(f"{sale.link}/gift", **fields | {"gift_email": "eve@example.net"})
    assert (answer.status_code, answer.location) == (303, sale.link)
    (gift,) = read_rows(sale.app, "SELECT email FROM gifts")
    return str(gift["email"])


@pytest.mark.parametrize(
    ("how", "why"),
    [("refund", REFUNDED), ("items", REFUNDED), ("withdrawal", "The shop has withdrawn this order.")],
)
def test_is_not_changed_any_more(app: Flask, sandbox: SandboxClient, how: str, why: str) -> None:
    sale = give(app, sandbox, TWINSPOT, BOOK, gift_on=in_days(9))
    assert FORM in sale.words()
    close(sale, how)
    assert FORM not in sale.words()
    assert change(sale) == FIELDS["gift_email"]
    said = sale.words()
    assert f"This gift can't be changed any more. {why}" in said
    assert "Saved." not in said


def test_is_changed_while_it_is_on_hold(app: Flask, sandbox: SandboxClient) -> None:
    sale = give(app, sandbox, gift_on=in_days(9))
    close(sale, "dispute")
    assert FORM in sale.words()
    assert change(sale) == "eve@example.net"
