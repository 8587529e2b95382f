"""What is up: warnings, what needs the owner, the newest orders."""

from flask import render_template
from flask.typing import ResponseReturnValue

from storefront.orders.notices import list_open_notices
from storefront.owner.admin.blueprint import admin, needs
from storefront.owner.health.trouble import read_trouble
from storefront.owner.health.warnings import find_warnings
from storefront.owner.orders.listing import find_orders
from storefront.owner.people.roles import Permission
from storefront.owner.readiness.point import count_open
from storefront.owner.readiness.read_facts import read_points

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
