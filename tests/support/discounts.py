"""Discounts for tests, made as owners make them."""

import html
import re
import threading
from collections.abc import Callable
from typing import Any

from flask import Flask
from sqlalchemy import delete

from storefront.core.db import db, transaction
from storefront.core.leases import Lease
from storefront.owner.discounts.listing import get_discount
from storefront.shop.discounts.change import create_discount
from storefront.worker import bring_discounts
from tests.support.rows import read_rows
from tests.support.sandbox_client import SandboxClient


def discount(app: Flask, code: str = "SPRING", *, products: tuple[str, ...] = (), **typed: str) -> str:
    """Make one, of 20 % unless `typed` says otherwise; return what Stripe said against it."""
    off = {} if "amounts" in typed else {"percent": "20"}
    with app.app_context():
        trouble = create_discount({"code": code} | off | typed, products=products)
        db.session.remove()
    return trouble


def codes_at_stripe(sandbox: SandboxClient, code: str = "SPRING") -> list[Any]:
    """Return the Promotion Codes with their Coupons, newest first."""
    expand = ["data.promotion.coupon", "data.promotion.coupon.applies_to"]
    params: Any = {"code": code, "expand": expand, "limit": 100}
    return list(sandbox.stripe.v1.promotion_codes.list(params).data)


def uses_of(app: Flask, code: str = "SPRING") -> int:
    rows = read_rows(
        app,
        "SELECT SUM(uses) AS uses FROM discount_mirrors JOIN discounts ON discounts.id = discount_id"
        " WHERE code = :code",
        code=code,
    )
    return int(rows[0]["uses"] or 0)


def work(app: Flask, job: Callable[[], None] = bring_discounts) -> None:
    """Do what the worker does each minute, or another job of it, as if it were due."""
    with app.app_context():
        with transaction() as session:
            session.execute(delete(Lease))
        job()
        db.session.remove()


def trouble_of(app: Flask, code: str = "SPRING") -> str:
    with app.app_context():
        trouble = get_discount(code).trouble
        db.session.remove()
    return trouble


def at_once(app: Flask, *calls: Callable[[], object]) -> None:
    """Begin all of them at the same moment, each in a thread, and wait for the last."""
    start = threading.Barrier(len(calls))

    def run(call: Callable[[], object]) -> None:
        with app.app_context():
            start.wait()
            call()
            db.session.remove()

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def words(page: str) -> str:
    """Return what the main part of a page says, without its tags."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", "", page[page.find("<main") :])))
