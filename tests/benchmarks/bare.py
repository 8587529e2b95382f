"""What the shop is measured against: the same stack with nothing around it, served by the same web server.

Flask, Jinja and Flask-SQLAlchemy with one statement; signatures are verified as Stripe's guide shows it.
"""

import json
import os

import stripe
from flask import Flask, render_template, request
from flask.typing import ResponseReturnValue
from flask_sqlalchemy import SQLAlchemy
from jinja2 import DictLoader
from sqlalchemy import text

ORDERS_TABLE = text("CREATE TABLE IF NOT EXISTS bare_orders (id INTEGER PRIMARY KEY, session_id TEXT NOT NULL)")
PRODUCTS = text(
    "SELECT products.slug, products.name, summary, min(amount_minor) AS amount_minor, currency FROM products"
    " JOIN editions ON editions.product_id = products.id AND editions.is_active"
    " JOIN prices ON prices.edition_id = editions.id AND prices.is_active"
    " WHERE state = 'published' GROUP BY products.id ORDER BY products.position"
)
HANDLED = text("SELECT handled_at FROM stripe_events WHERE id = :id")
LICENSE = text("SELECT activation_limit FROM bare_licenses WHERE key = :key")
NEW_ORDER = text("INSERT INTO bare_orders (session_id) VALUES (:session_id)")
PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Products</title></head>
<body>
<h1>Products</h1>
<ul>
{% for row in rows %}
<li><h2><a href="/products/{{ row.slug }}">{{ row.name }}</a></h2>
<p>{{ row.summary }}</p>
<p>{{ "%.2f"|format(row.amount_minor / 100) }} {{ row.currency|upper }}</p></li>
{% endfor %}
</ul>
</body>
</html>
"""

app = Flask(__name__)
app.jinja_loader = DictLoader({"page.html": PAGE})
app.config["SQLALCHEMY_DATABASE_URI"] = os.environ["DATABASE_URL"]
db = SQLAlchemy(app)
with app.app_context():
    db.session.execute(ORDERS_TABLE)
    db.session.commit()
SECRET = os.environ["STRIPE_WEBHOOK_SECRET"]


def _verify() -> stripe.Event:
    event: stripe.Event = stripe.Webhook.construct_event(
        request.get_data(), request.headers["Stripe-Signature"], SECRET
    )
    return event


@app.get("/")
def catalog() -> ResponseReturnValue:
    return render_template("page.html", rows=db.session.execute(PRODUCTS).all())


@app.post("/webhook")
def read_one_row() -> ResponseReturnValue:
    event = _verify()
    handled = db.session.scalar(HANDLED, {"id": event.id})
    return {"handled": handled is not None}


@app.post("/webhook-by-hand")
def read_one_row_by_hand() -> ResponseReturnValue:
    """The least there is: the SDK's check of the header, and none of its objects."""
    body = request.get_data()
    stripe.WebhookSignature.verify_header(body.decode(), request.headers["Stripe-Signature"], SECRET, 300)
    handled = db.session.scalar(HANDLED, {"id": json.loads(body)["id"]})
    return {"handled": handled is not None}


@app.post("/order")
def commit_one_row() -> ResponseReturnValue:
    event = _verify()
    db.session.execute(NEW_ORDER, {"session_id": event.data.object["id"]})
    db.session.commit()
    return {"done": True}


@app.post("/validate")
def find_license() -> ResponseReturnValue:
    """What a license server cannot do without: read JSON, find one row by its index, answer JSON."""
    key = request.get_json()["license_key"]
    row = db.session.execute(LICENSE, {"key": key}).one_or_none()
    return {"valid": row is not None, "limit": row.activation_limit if row else None}


@app.get("/readyz")
def ready() -> ResponseReturnValue:
    return {"status": "ok"}
