"""An event that never came is found by comparing with Stripe, and leads to the same one email."""

from typing import Any

import pytest
from flask import Flask

from tests.payments.reconcile.sales import days_ago, run
from tests.support.databases import BOTH
from tests.support.left import deliver, leave, remind, reminders, work_later
from tests.support.rows import read_rows
from tests.support.sandbox_client import SandboxClient

both = pytest.mark.parametrize("engine", BOTH, indirect=True)


@both
def test_finds_what_was_left(app: Flask, sandbox: SandboxClient, mailbox: Any) -> None:
    remind(app)
    with days_ago(0.1):
        run(app)
        leave(app, sandbox)
    (told,) = run(app, is_dry=True).fixed
    assert "expired, and its buyer agreed to be reminded of it" in told.text
    assert reminders(app) == []
    assert len(run(app).fixed) == 1
    assert run(app).fixed == ()
    deliver(app, sandbox)  # it comes after all
    work_later(app)
    work_later(app)
    assert len(mailbox.messages()) == 1


def test_asks_for_no_expired_session_where_nobody_is_reminded(app: Flask, sandbox: SandboxClient) -> None:
    with days_ago(0.1):
        leave_unasked(app, sandbox)
    sandbox.forget_calls()
    assert run(app).fixed == ()
    assert not [path for _method, path in sandbox.calls() if path.startswith("/v1/checkout/sessions/")]
    assert read_rows(app, "SELECT id FROM stripe_events") == []


def leave_unasked(app: Flask, sandbox: SandboxClient) -> None:
    remind(app)
    leave(app, sandbox)
    remind(app, is_on=False)
