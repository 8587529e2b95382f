"""The yardstick for an order: the handler of Stripe's guide "Fulfill orders", with nothing around it.

It verifies the signature, retrieves the Checkout Session with its line items through the SDK, and commits five
rows in one transaction: the order, its line, what is granted, the email that waits, the event. Only the Session's
id keeps it from doing so twice. Its tables are its own, in the database of the shop.
"""

import os

import stripe
from flask import Flask, request
from flask.typing import ResponseReturnValue
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

TABLES = (
    "CREATE TABLE IF NOT EXISTS guide_orders (session_id VARCHAR PRIMARY KEY, email VARCHAR, amount INTEGER)",
    "CREATE TABLE IF NOT EXISTS guide_lines (session_id VARCHAR, price_id VARCHAR, quantity INTEGER)",
    "CREATE TABLE IF NOT EXISTS guide_grants (session_id VARCHAR PRIMARY KEY, license_key VARCHAR UNIQUE)",
    "CREATE TABLE IF NOT EXISTS guide_emails (session_id VARCHAR PRIMARY KEY, sent_at VARCHAR)",
    "CREATE TABLE IF NOT EXISTS guide_events (event_id VARCHAR PRIMARY KEY)",
)
NEW_ORDER = text("INSERT INTO guide_orders VALUES (:session_id, :email, :amount)")
NEW_LINE = text("INSERT INTO guide_lines VALUES (:session_id, :price_id, :quantity)")
NEW_GRANT = text("INSERT INTO guide_grants VALUES (:session_id, :license_key)")
NEW_EMAIL = text("INSERT INTO guide_emails VALUES (:session_id, NULL)")
NEW_EVENT = text("INSERT INTO guide_events VALUES (:event_id)")

app = Flask(__name__)
app.config["SQLALCHEMY_DATABASE_URI"] = os.environ["DATABASE_URL"]
app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {"pool_size": 8}
db = SQLAlchemy(app)
with app.app_context():
    for table in TABLES:
        db.session.execute(text(table))
    db.session.commit()
SECRET = os.environ["STRIPE_WEBHOOK_SECRET"]
client = stripe.StripeClient(
    os.environ["STRIPE_SECRET_KEY"], base_addresses={"api": os.environ["STRIPE_API_BASE"]}
)


@app.post("/webhook")
def deliver() -> ResponseReturnValue:
    event = stripe.Webhook.construct_event(request.get_data(), request.headers["Stripe-Signature"], SECRET)
    return {"done": _fulfill(event.id, event.data.object["id"])}


def _fulfill(event_id: str, session_id: str) -> bool:
    found = client.v1.checkout.sessions.retrieve(session_id, {"expand": ["line_items"]})
    if found.payment_status == "unpaid" or found.customer_details is None or found.line_items is None:
        return False
    line = found.line_items.data[0]
    assert line.price is not None
    buyer = {"email": found.customer_details.email, "amount": found.amount_total}
    try:
        db.session.execute(NEW_ORDER, {"session_id": session_id} | buyer)
        price = {"price_id": line.price.id, "quantity": line.quantity}
        db.session.execute(NEW_LINE, {"session_id": session_id} | price)
        db.session.execute(NEW_GRANT, {"session_id": session_id, "license_key": os.urandom(10).hex()})
        db.session.execute(NEW_EMAIL, {"session_id": session_id})
        db.session.execute(NEW_EVENT, {"event_id": event_id})
        db.session.commit()
    except IntegrityError:
        db.session.rollback()
        return False
    return True


@app.get("/readyz")
def ready() -> ResponseReturnValue:
    return {"status": "ok"}
