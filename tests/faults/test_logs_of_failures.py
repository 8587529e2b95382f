"""A failed request must not write what it was about into the logs."""

import json

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from storefront.core.db import db, transaction
from storefront.core.logs import JsonFormatter
from storefront.delivery.licenses.keys import new_key
from tests.support.databases import BOTH


def logged(caplog: pytest.LogCaptureFixture) -> str:
    return json.dumps([JsonFormatter().format(record) for record in caplog.records])


def test_names_the_endpoint_of_a_failed_request_and_not_its_path(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    with app.app_context():
        with transaction() as session:
            session.execute(text("DROP TABLE order_items"))
            session.execute(text("DROP TABLE orders"))
        db.session.remove()
    app.testing = False
    token = "0123456789abcdef" * 2
    assert app.test_client().get(f"/orders/{token}").status_code == 500
    assert "request failed" in logged(caplog)
    assert "library.order" in logged(caplog)
    assert token not in logged(caplog)


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_keeps_the_values_of_a_failed_statement_to_itself(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    """Neither SQLAlchemy's parameters nor the row that PostgreSQL repeats."""
    secret = new_key("TWIN")
    with app.app_context():
        try:
            with transaction() as session:
                session.execute(text("INSERT INTO licenses (key) VALUES (:key)"), {"key": secret})
        except SQLAlchemyError:
            app.logger.exception("as a job of the worker would be logged")
        db.session.remove()
    assert "IntegrityError" in logged(caplog)
    assert secret not in logged(caplog)
