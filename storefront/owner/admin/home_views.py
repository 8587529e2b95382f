"""What is up: warnings, what needs the owner, the newest orders; and an order with its history."""

from flask import render_template
from flask.typing import ResponseReturnValue

from storefront.orders.lookup import get_order
from storefront.orders.notices import list_open_notices
from storefront.owner.admin.blueprint import admin, needs
from storefront.owner.health.trouble import read_trouble
from storefront.owner.health.warnings import find_warnings
from storefront.owner.history.order import read_history
from storefront.owner.orders.listing import find_orders
from storefront.owner.people.roles import Permission
from storefront.owner.readiness.point import count_open
from storefront.owner.readiness.read_facts import read_points
from storefront.stripe_api.own_words import link_words

NEWEST = 10


@admin.get("")
@needs(Permission.READ)
def home() -> ResponseReturnValue:
    trouble = read_trouble()
    return render_template(
        "owner/admin/home.html",
        open_points=count_open(read_points(trouble)),
        warnings=find_warnings(trouble),
        notices=list_open_notices(),
        newest=find_orders(limit=NEWEST),
    )


@admin.get("/orders/<number>")
@needs(Permission.READ)
def order(number: str) -> ResponseReturnValue:
    """Its keys are masked: who may see them whole is asked at the machine."""
    order = read_history(get_order(number))
    return render_template("owner/admin/order.html", order=order, words=link_words(order.checkout_text or ""))
