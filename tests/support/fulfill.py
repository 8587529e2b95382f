"""One convergence of a Session, as a page, an event or the worker begins it."""

from flask import Flask

from storefront.core.db import db
from storefront.payments.fulfillment.fulfill import Look, fulfill_checkout
from storefront.payments.fulfillment.outcome import Outcome


def look(app: Flask, session_id: str, how: Look = Look.NOW) -> Outcome:
    with app.app_context():
        try:
            return fulfill_checkout(session_id, how).outcome
        finally:
            db.session.remove()
