"""An address of a sale that is none ends where the owner sees it, in nobody's mailbox, and can be corrected."""

import pytest
from flask import Flask

from storefront.buyers.library.resend import AddressRefused, resend
from storefront.core.db import db
from storefront.devtools.mailbox.server import MailboxServer
from tests.support.rows import read_rows
from tests.support.sale import COMPLETED, sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import run_worker_once


def test_mails_to_no_part_of_an_odd_address(app: Flask, sandbox: SandboxClient, mailbox: MailboxServer) -> None:
    sale = sell(app, sandbox, email="ada,eve@example.com")
    sale.deliver(COMPLETED)
    run_worker_once(app)
    assert mailbox.messages() == []
    (receipt,) = read_rows(app, "SELECT state, last_error FROM outbox")
    assert receipt["state"] == "failed"
    assert "`storefront orders resend NUMBER --to` corrects it" in receipt["last_error"]
    codes = [warning["code"] for warning in app.test_client().get("/readyz").get_json()["warnings"]]
    assert "mails_failed" in codes
    (order,) = read_rows(app, "SELECT number FROM orders")
    with app.app_context():
        for odd in ("ada,eve@example.com", "ada@example.com, eve@example.com", "ada@"):
            with pytest.raises(AddressRefused):
                resend(order["number"], to=odd)
        resend(order["number"], to="ada@example.com")
        db.session.remove()
    run_worker_once(app)
    assert [mail["to"] for mail in mailbox.messages()] == [["ada@example.com"]]
