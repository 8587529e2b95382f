"""The process dies before each statement of a sale: nothing half done stays, and the next look completes it."""

import pytest
from flask import Flask

from tests.faults.dying import Died, dying_before, paid_session
from tests.support.databases import BOTH
from tests.support.rows import read_rows
from tests.support.sale import COMPLETED
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer, make_event, post_event
from tests.support.statements import counted

pytestmark = pytest.mark.slow


def state(app: Flask, session_id: str) -> tuple[int, int, int, int, int]:
    """Orders, items, license grants, keys and promised receipts of one Session."""
    row = read_rows(
        app,
        "SELECT COUNT(DISTINCT o.id) AS orders, COUNT(DISTINCT i.id) AS items, COUNT(DISTINCT g.id) AS grants,"
        " COUNT(DISTINCT l.id) AS keys, COUNT(DISTINCT m.id) AS mails FROM orders o"
        " LEFT JOIN order_items i ON i.order_id = o.id"
        " LEFT JOIN grants g ON g.order_item_id = i.id AND g.kind = 'license'"
        " LEFT JOIN licenses l ON l.grant_id = g.id LEFT JOIN outbox m ON m.order_id = o.id"
        " WHERE o.checkout_session_id = :session",
        session=session_id,
    )[0]
    return row["orders"], row["items"], row["grants"], row["keys"], row["mails"]


NOTHING = (0, 0, 0, 0, 0)
EVERYTHING = (1, 1, 2, 2, 1)


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_leaves_all_or_nothing_and_stripes_next_try_completes_it(
    app: Flask, buyer: Buyer, sandbox: SandboxClient, engine: str
) -> None:
    """Before every third statement on PostgreSQL, whose transactions are the same for each."""
    with counted(app) as statements:
        post_event(app, make_event(COMPLETED, paid_session(buyer, sandbox, app)))
    cuts = len(statements) + 4  # the BEGINs, too
    seen = set()
    for cut in range(1, cuts, 3 if engine == "postgresql" else 1):
        session_id = paid_session(buyer, sandbox, app)
        delivery = make_event(COMPLETED, session_id)
        with dying_before(app, cut):
            try:
                post_event(app, delivery)
            except Died:
                seen.add("died")
        assert state(app, session_id) in (NOTHING, EVERYTHING), f"cut before statement {cut}"
        handled = read_rows(app, "SELECT handled_at FROM stripe_events WHERE object_id = :id", id=session_id)
        if handled and handled[0]["handled_at"]:
            assert state(app, session_id) == EVERYTHING, "handled means that the effects are there"
        assert post_event(app, delivery).status_code == 200
        assert state(app, session_id) == EVERYTHING, f"after the cut before statement {cut}"
    assert seen == {"died"}
