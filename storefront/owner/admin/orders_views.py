"""The list of orders, searched and filtered."""

from dataclasses import dataclass, field
from datetime import date

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue

from storefront.core.errors import NotFound
from storefront.orders.access import Reason
from storefront.owner.admin.blueprint import admin, here, needs
from storefront.owner.orders.listing import OrderFilter, OrderPage, find_problems, list_orders
from storefront.owner.people.roles import Permission, may
from storefront.owner.products.listing import list_names

LONGEST_WORDS = 4200  # a license key may be a signed text
STATES = tuple(state for state in Reason if state is not Reason.ITEM_REFUNDED)


@dataclass(slots=True)
class _Asked:
    """`values` are the fields as they were sent, `errors` by field what is wrong with them."""

    values: dict[str, str]
    errors: dict[str, str] = field(default_factory=dict)


@admin.get("/orders")
@needs(Permission.READ)
def orders() -> ResponseReturnValue:
    """A search that names one order leads to it."""
    names = ("q", "state", "product", "country", "since", "until")
    asked = _Asked({name: request.args.get(name, "").strip()[:LONGEST_WORDS] for name in names})
    chosen = _filter(asked)
    older_than = request.args.get("older_than", "")
    page = _find(asked, chosen, older_than)
    if not older_than and _names_one(page, chosen):
        return redirect(f"/admin/orders/{page.orders[0].number}", 303)
    answer = render_template(
        "owner/orders/list.html",
        page=page,
        asked=asked.values,
        errors=asked.errors,
        is_filtered=any(asked.values.values()),
        states=STATES,
        products=list_names(),
        is_first_page=not older_than,
        may_give=may(here().role, Permission.MONEY),
    )
    return answer, 400 if asked.errors else 200


def _names_one(page: OrderPage, chosen: OrderFilter) -> bool:
    return page.is_named and len(page.orders) == 1 and chosen == OrderFilter(words=chosen.words)


def _find(asked: _Asked, chosen: OrderFilter, older_than: str) -> OrderPage:
    if asked.errors:
        return OrderPage(orders=())
    try:
        return list_orders(chosen, older_than=older_than)
    except NotFound as refusal:
        asked.errors["older_than" if older_than else "product"] = refusal.message
        return OrderPage(orders=())


def _filter(asked: _Asked) -> OrderFilter:
    values = asked.values
    state = values["state"]
    if state and state not in STATES:
        asked.errors["state"] = "There is no such state. Choose one of the list."
    chosen = OrderFilter(
        words=values["q"],
        state=Reason(state) if state and "state" not in asked.errors else None,
        product=values["product"],
        country=values["country"],
        since=_day(asked, "since"),
        until=_day(asked, "until"),
    )
    asked.errors.update(find_problems(chosen))
    return chosen


def _day(asked: _Asked, name: str) -> date | None:
    typed = asked.values[name]
    if not typed:
        return None
    try:
        return date.fromisoformat(typed)
    except ValueError:
        asked.errors[name] = "Type a day as 2026-11-28."
        return None
