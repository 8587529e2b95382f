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


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_keeps_one_request_of_both_spellings_and_the_confirmed_one(app: Flask) -> None:
    products = [row["id"] for row in read_rows(app, "SELECT id FROM products ORDER BY id LIMIT 3")]
    asked = [(products[0], "yes", "no"), (products[1], "no", "yes"), (products[2], "yes", "yes")]
    for product_id, *confirmed in asked:
        for email, is_confirmed in zip((ASCII, LETTERS), confirmed, strict=True):
            change_rows(app, _request(product_id, email, is_confirmed=is_confirmed == "yes"))
    with app.app_context():
        go_down(app, "0051")
        db.session.remove()
    schema.upgrade(app)
    which = "SELECT email, email_key FROM availability_requests WHERE confirmed_at IS NOT NULL ORDER BY id"
    kept = read_rows(app, which)
    assert [row["email"] for row in kept] == [ASCII, LETTERS, ASCII]
    assert {row["email_key"] for row in kept} == {ASCII}
    assert len(read_rows(app, "SELECT id FROM availability_requests")) == len(asked)


def _request(product_id: int, email: str, *, is_confirmed: bool) -> str:
    """Return the statement that wrote a request when each spelling was an address of its own."""
    token = f"{product_id}-{email}"
    confirmed_at = "CURRENT_TIMESTAMP" if is_confirmed else "NULL"
    return (
        "INSERT INTO availability_requests (mode, product_id, email, email_key, token_seed, token_hash, mails,"
        f" confirmed_at, created_at) VALUES ('sandbox', {product_id}, '{email}', '{email}', '', '{token}', 0,"
        f" {confirmed_at}, CURRENT_TIMESTAMP)"
    )
