"""Shops in each mode, and a few addresses that go wrong in known ways."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Blueprint, Flask, abort, request, session
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import generate_csrf

from storefront.app import create_app
from storefront.core.config.settings import load_settings
from storefront.core.db import db
from storefront.core.errors import AccessDenied, StripeUnavailable
from storefront.core.runtime import absolute_url
from storefront.web.limits import limiter
from tests.support.databases import base_environment

TEST = {"STRIPE_API_BASE": "https://api.stripe.com"}
LIVE = TEST | {
    "SECRET_KEY": "9f86d081884c7d659a2feaa0c55ad015",
    "STRIPE_SECRET_KEY": "sk_live_" + "1" * 24,
    "STRIPE_PUBLISHABLE_KEY": "pk_live_" + "1" * 24,
    "BASE_URL": "https://shop.example",
    "TRUSTED_PROXIES": "1",
}

wrong = Blueprint("wrong", __name__, url_prefix="/wrong")
MakeShop = Callable[..., Flask]


@wrong.get("/status/<int:status>")
def answer_status(status: int) -> ResponseReturnValue:
    abort(status)


@wrong.get("/bug")
def hit_a_bug() -> ResponseReturnValue:
    raise LookupError("a detail for the log alone")


@wrong.get("/denied")
def deny() -> ResponseReturnValue:
    raise AccessDenied("This order was <b>refunded</b>.")


@wrong.get("/stripe")
def miss_stripe() -> ResponseReturnValue:
    raise StripeUnavailable


@wrong.get("/limited")
@limiter.limit("1/minute")
def limit() -> ResponseReturnValue:
    return {"remote": request.remote_addr}


@wrong.get("/seen")
def tell_what_is_seen() -> ResponseReturnValue:
    return {
        "remote": request.remote_addr,
        "scheme": request.scheme,
        "host": request.host,
        "link": absolute_url("library.order", token="t"),
    }


@wrong.post("/form")
def take_form() -> ResponseReturnValue:
    return {"taken": request.form.get("word", "")}


@wrong.get("/session")
def start_session() -> ResponseReturnValue:
    session["started"] = True
    return {"started": True}


@wrong.get("/token")
def give_token() -> ResponseReturnValue:
    return str(generate_csrf())


@pytest.fixture
def make_shop(tmp_path: Path) -> Iterator[MakeShop]:
    """`make_shop(**settings)`: a shop without a database, for what needs none."""
    apps: list[Flask] = []

    def make(**changes: str) -> Flask:
        app = create_app(load_settings(base_environment(tmp_path) | changes))
        app.register_blueprint(wrong)
        apps.append(app)
        return app

    yield make
    for app in apps:
        with app.app_context():
            db.session.remove()
            db.engine.dispose()
