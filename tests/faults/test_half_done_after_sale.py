"""The process dies before each statement of a refund's convergence, or of a pass: the next look completes it."""

from typing import Any

import pytest
from flask import Flask

from storefront.core.db import db
from storefront.core.errors import StorefrontError
from storefront.core.leases import give_back_lease
from storefront.payments.reconcile.run import LEASE, reconcile
from tests.faults.dying import Died, dying_before, paid_session
from tests.support.databases import BOTH
from tests.support.rows import read_rows
from tests.support.sale import COMPLETED
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer, keys_on, make_event, post_event
from tests.support.statements import counted

pytestmark = pytest.mark.slow
both = pytest.mark.parametrize("engine", BOTH, indirect=True)
OPEN = (0, 0, 0, 0)
CLOSED = (1, 1, 1, 1)


def refund(sandbox: SandboxClient, session_id: str) -> dict[str, Any]:
    """All of it; the event that tells."""
    payment = str(sandbox.stripe.v1.checkout.sessions.retrieve(session_id).payment_intent)
    params: Any = {"payment_intent": payment}
    sandbox.stripe.v1.refunds.create(params)
    events = sandbox.read("events")["data"]
    refund_event: dict[str, Any] = next(event for event in reversed(events) if event["type"] == "charge.refunded")
    return refund_event


def state(app: Flask, session_id: str) -> tuple[int, int, int, int]:
    """Whether the sum is noted, copies of refunds, promised mails about them, lines of access in the timeline."""
    row = read_rows(
        app,
        "SELECT o.refunded_minor > 0 AS noted, COUNT(DISTINCT r.id) AS copies, COUNT(DISTINCT m.id) AS mails,"
        " COUNT(DISTINCT c.id) AS changes FROM orders o LEFT JOIN refunds r ON r.order_id = o.id"
        " LEFT JOIN outbox m ON m.order_id = o.id AND m.kind = 'refunded'"
        " LEFT JOIN order_changes c ON c.order_id = o.id AND c.what = 'access'"
        " WHERE o.checkout_session_id = :session GROUP BY o.id",
        session=session_id,
    )[0]
    return int(row["noted"]), row["copies"], row["mails"], row["changes"]


def sell(app: Flask, buyer: Buyer, sandbox: SandboxClient) -> str:
    session_id = paid_session(buyer, sandbox, app)
    assert post_event(app, make_event(COMPLETED, session_id)).status_code == 200
    return session_id


@both
def test_takes_access_away_wholly_or_not_at_all(
    app: Flask, buyer: Buyer, sandbox: SandboxClient, engine: str
) -> None:
    """Before every third statement on PostgreSQL, whose transactions are the same for each."""
    step = 3 if engine == "postgresql" else 1
    first = refund(sandbox, sell(app, buyer, sandbox))
    with counted(app) as statements:
        post_event(app, first)
    died = 0
    for cut in range(1, len(statements) + 4, step):
        session_id = sell(app, buyer, sandbox)
        event = refund(sandbox, session_id)
        with dying_before(app, cut):
            try:
                post_event(app, event)
            except Died:
                died += 1
        assert state(app, session_id) in (OPEN, CLOSED), f"cut before statement {cut}"
        assert post_event(app, event).status_code == 200
        assert state(app, session_id) == CLOSED, f"after the cut before statement {cut}"
        assert keys_on(Buyer(app).land(session_id).text) == []
    assert died > 15 // step


def test_repairs_all_however_often_a_pass_is_killed(app: Flask, buyer: Buyer, sandbox: SandboxClient) -> None:
    def run() -> None:
        with app.app_context():
            give_back_lease(LEASE)  # a killed pass holds it for five minutes
            reconcile()
            db.session.remove()

    unheard = paid_session(buyer, sandbox, app)
    refunded = sell(app, buyer, sandbox)
    refund(sandbox, refunded)
    died, cut = 0, 5
    while True:
        with dying_before(app, cut):
            try:
                run()
                break
            except (Died, StorefrontError):
                died += 1
        cut += 5
    assert died > 5
    assert state(app, refunded) == CLOSED
    assert len(keys_on(Buyer(app).land(unheard).text)) == 2
    assert len(read_rows(app, "SELECT id FROM outbox WHERE kind = 'receipt'")) == 2
    (row,) = read_rows(app, "SELECT finished_at, checkpoint FROM reconcile_passes")
    assert row["checkpoint"] is not None
