"""Signing out, here or elsewhere, ends what the page after paying shows: from then on it is any browser's page."""

from flask import session
from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from storefront.orders.models import Order
from storefront.payments.checkout.left_sessions import leave_sessions
from storefront.payments.checkout.models import Checkout
from storefront.payments.checkout.rows import browser_hash

CLOSED = ""  # the hash of no browser


def close_started(changes: Session, customer_id: int | None) -> None:
    """Close those of this browser, or of a customer in all.

    A form that is open stays, as it has no order yet, unless it shows somebody's saved cards.
    """
    if customer_id is not None:
        leave_sessions(changes, customer_id=customer_id)
        of_customer = Order.customer_id == customer_id
        which: ColumnElement[bool] = Checkout.checkout_session_id.in_(
            select(Order.checkout_session_id).where(of_customer)
        )
    elif "browser" in session:
        leave_sessions(changes, browser_hash=browser_hash(str(session["browser"])))
        is_order = Checkout.checkout_session_id.in_(select(Order.checkout_session_id))
        which = (Checkout.browser_hash == browser_hash(str(session["browser"]))) & is_order
    else:
        return
    changes.execute(
        update(Checkout)
        .where(which)
        .values(browser_hash=CLOSED, nonce="closed:" + Checkout.token)
        .execution_options(synchronize_session=False)
    )
