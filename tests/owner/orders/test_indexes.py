"""Each filter of the list has an index, in the words that both engines take it for."""

import pytest
from flask import Flask

from storefront.core.db import db
from storefront.orders.access import Reason
from storefront.owner.orders import listing, search
from storefront.owner.orders.listing import OrderFilter
from storefront.owner.products.listing import list_all_products, select_order_counts
from tests.support.booked import PAYOUT, book_the_sale
from tests.support.databases import BOTH
from tests.support.plans import plan_of
from tests.support.rows import change_rows
from tests.support.sale import sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import ADA

pytestmark = pytest.mark.parametrize("engine", BOTH, indirect=True)
IN_SQLITE = {
    "pk_order_items": "order_items USING INTEGER PRIMARY KEY",
    "pk_money_lines": "sqlite_autoindex_money_lines_1",
    "uq_orders_token_hash": "SEARCH orders USING COVERING INDEX sqlite_autoindex_orders_",
    "pk_order_links": "sqlite_autoindex_order_links_1",
    "pk_gift_links": "sqlite_autoindex_gift_links_1",
}
STATES = {
    None: "ix_orders_mode_placed_at",
    Reason.PAID: "ix_orders_mode_placed_at",
    Reason.AWAITING_PAYMENT: "ix_orders_unpaid",
    Reason.PAYMENT_FAILED: "ix_orders_unpaid",
    Reason.FREE: "ix_orders_free",
    Reason.REFUNDED: "ix_orders_refunded",
    Reason.PARTLY_REFUNDED: "ix_orders_refunded",
    Reason.DISPUTED: "ix_orders_disputed",
    Reason.WITHDRAWN: "ix_orders_decided",
}


def test_reads_a_state_from_its_index_in_order(app: Flask, sandbox: SandboxClient) -> None:
    number = sell(app, sandbox).session_id
    for state, index in STATES.items():
        for older_than in ("", number):
            with app.app_context():
                wanted = listing.read_filter(OrderFilter(state=state), older_than)
                plan = plan_of(listing.select_newest(wanted, 50))
                db.session.remove()
            assert index in plan, (state, plan)
            assert "TEMP B-TREE" not in plan
            assert "Sort" not in plan


def test_reads_the_newest_of_an_address_from_theirs(app: Flask, sandbox: SandboxClient) -> None:
    number = sell(app, sandbox).session_id
    for older_than in ("", number):
        with app.app_context():
            wanted = listing.read_filter(OrderFilter(email=ADA), older_than)
            plan = plan_of(listing.select_newest(wanted, 50))
            db.session.remove()
        assert "ix_orders_customer_id" in plan
        assert "ix_orders_mode_placed_at" not in plan


def test_finds_what_is_named_by_an_index(app: Flask, sandbox: SandboxClient) -> None:
    sale = sell(app, sandbox)
    line = book_the_sale(app)
    change_rows(app, "UPDATE orders SET stripe_customer_id = 'cus_Ada'")
    sale.refund()
    sale.deliver("charge.refund")
    with app.app_context():
        named = {
            "ix_orders_customer_id": search.of_address(ADA),
            "ix_orders_payment_last4": search.recognize("4242"),
            "uq_orders_token_hash": search.recognize(sale.link),
            "pk_order_links": search.recognize(sale.link),
            "pk_gift_links": search.recognize(sale.link),
            "ix_orders_country": search.of_country("DE"),
            "ix_order_items_product_id": search.with_product(1),
            "ix_orders_payment_intent_id": search.recognize(sale.payment().id),
            "ix_money_lines_source_id": search.recognize(line["source_id"]),
            "pk_money_lines": search.recognize(line["id"]),
            "ix_money_lines_payout_id": search.recognize(PAYOUT),
            "ix_orders_stripe_customer_id": search.recognize("cus_Ada"),
            "pk_order_items": search.recognize(sale.keys[0]),
        }
        plans = {index: plan_of(found.ids) for index, found in named.items() if found}
        db.session.remove()
    assert plans.keys() == named.keys()
    for index, plan in plans.items():
        assert index in plan or IN_SQLITE.get(index, index) in plan, plan
        assert "SCAN orders" not in plan
        assert "SCAN order_items" not in plan
        assert "SCAN money_lines" not in plan
        assert "Seq Scan" not in plan


def test_counts_the_orders_of_each_product_from_its_own_lines(app: Flask, sandbox: SandboxClient) -> None:
    sell(app, sandbox)
    sell(app, sandbox, ("twinspot", "Personal"), ("twinspot", "Team"))
    with app.app_context():
        plan = plan_of(select_order_counts())
        counted = {product.slug: product.orders for product in list_all_products()}
        is_sqlite = db.engine.dialect.name == "sqlite"
        db.session.remove()
    assert {"twinspot": 2, "gridling": 0}.items() <= counted.items()
    assert plan.count("Limit") == (0 if is_sqlite else 2), "PostgreSQL chooses by the numbers of a real shop"
    if is_sqlite:
        assert "ix_order_items_product_id" in plan
        assert "ix_order_item_parts_product_id" in plan
        assert "SCAN order_items" not in plan
