"""Two spellings of a domain were two buyers: from now on they are one, with everything of both."""

import pytest
from flask import Flask

from storefront.core.db import db
from storefront.customers.browser_session import find_customer
from storefront.migrations import schema
from tests.migrations.tables import go_down
from tests.support.databases import BOTH
from tests.support.factories import make_order
from tests.support.rows import change_rows, read_rows
from tests.support.sign_in import make_customer

ASCII, LETTERS = "ada@xn--bcher-kva.example", "ada@b\u00fccher.example"


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_makes_one_buyer_of_both_spellings(app: Flask) -> None:
    for email in (ASCII, "eve@b\u00fccher.example", LETTERS):
        make_customer(app, email)
    make_order(app, customer_id=3, holder_id=3)
    change_rows(app, "UPDATE customers SET unsubscribed_at = created_at WHERE id = 3")
    with app.app_context():
        go_down(app, "0051")
        db.session.remove()
    schema.upgrade(app)
    rows = read_rows(app, "SELECT email_key, moved_to_id FROM customers ORDER BY id")
    assert [tuple(row.values()) for row in rows[:3]] == [
        (ASCII, None),
        ("eve@xn--bcher-kva.example", None),
        ("moved:3", 1),
    ]
    with app.app_context():
        found = find_customer(LETTERS)
        assert found is not None
        assert (found.id, found.unsubscribed_at is None) == (1, False)
        db.session.remove()
    assert read_rows(app, "SELECT customer_id, holder_id FROM orders") == [{"customer_id": 1, "holder_id": 1}]
