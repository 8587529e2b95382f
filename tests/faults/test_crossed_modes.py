"""After a switch of keys, or in a copy for trying out: another mode's mails and events are left alone."""

from flask import Flask

from storefront.devtools.mailbox.server import MailboxServer
from storefront.payments.webhook.dispatch import run_unhandled
from tests.support.rows import change_rows, read_rows
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer, make_event, post_event, run_worker_once


def test_sends_no_mail_of_another_mode(
    app: Flask, buyer: Buyer, sandbox: SandboxClient, mailbox: MailboxServer
) -> None:
    buyer.add("twinspot", "Personal")
    session_id = buyer.check_out()
    sandbox.pay(session_id)
    post_event(app, make_event("checkout.session.completed", session_id))
    change_rows(app, "UPDATE outbox SET mode = 'live'")
    run_worker_once(app)
    assert mailbox.messages() == []
    change_rows(app, "UPDATE outbox SET mode = 'sandbox'")
    run_worker_once(app)
    assert len(mailbox.messages()) == 1


def test_runs_no_event_of_another_mode_again(app: Flask) -> None:
    post_event(app, make_event("charge.refunded", "pi_unknown"))
    change_rows(app, "UPDATE stripe_events SET mode = 'live', received_at = '2020-01-01 00:00:00'")
    with app.app_context():
        run_unhandled()
    assert read_rows(app, "SELECT handled_at FROM stripe_events") == [{"handled_at": None}]


def test_sends_a_cookie_only_with_a_change(buyer: Buyer) -> None:
    """A page polling in another tab must not bring an older cart back."""
    buyer.add("twinspot", "Personal")
    buyer.get("/cart")  # shows the notice, once
    for path in ("/", "/products/twinspot", "/static/shop.css"):
        with buyer.get(path) as answer:
            assert "Set-Cookie" not in answer.headers
