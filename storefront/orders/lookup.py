"""An order by what a person has at hand: its number, its Checkout Session or its payment."""

import re

from flask import has_request_context
from sqlalchemy import ColumnElement, select

from storefront.core.db import db
from storefront.core.email_addresses import SIGNS
from storefront.core.errors import NotFound
from storefront.core.runtime import settings
from storefront.orders.models import Order
from storefront.orders.new_order import GIVEN
from storefront.orders.queries import order_in_running_mode

REFERENCE = re.compile(r"[A-Za-z0-9_]{1,255}")  # PostgreSQL refuses a NUL


def is_named(reference: str) -> ColumnElement[bool]:
    """Select an order of the running mode. `reference` is a number in any case, as pasted, `cs_…` or `pi_…`.

    So is `gift_…`, which stands for a Session at what was given for free.
    """
    given, reference = reference, reference.strip().strip(SIGNS)
    if not REFERENCE.fullmatch(reference):
        raise not_found(given.strip())
    if reference.startswith(("cs_", GIVEN)):
        named = Order.checkout_session_id == reference
    elif reference.startswith("pi_"):
        named = Order.payment_intent_id == reference
    else:
        named = Order.number == reference.upper()
    return named & order_in_running_mode()


def not_found(reference: str) -> NotFound:
    """Pages name no commands: whoever reads one may have no machine to type them at."""
    on_page = "The list of orders finds them by number, address, name or Stripe's ids."
    hint = on_page if has_request_context() else _command_for(reference)
    return NotFound(f"There is no order {reference} in {settings().mode} mode. {hint}")


def _command_for(reference: str) -> str:
    if reference.startswith("cs_"):
        return f"`storefront fulfill {reference}` asks Stripe for it."
    if reference.startswith("pi_"):
        return "`storefront reconcile --since 30d` asks Stripe for sales that are missing."
    return "`storefront orders list` shows the newest, and with --email those of one address."


def get_order(reference: str) -> Order:
    """Return an order as committed now, whatever this process has read before.

    Raises:
        NotFound: no such order in the running mode.
    """
    order = db.session.scalars(
        select(Order).where(is_named(reference)).execution_options(populate_existing=True)
    ).first()
    if order is None:
        raise not_found(reference)
    return order
