"""Every row that is kept by account of Stripe: given to the account that turns out to be theirs."""

from flask import Flask
from sqlalchemy import select

from storefront.core.db import transaction
from storefront.customers.at_stripe import take_over_customers
from storefront.payments.checkout.left_sessions import leave_sessions_of_second
from storefront.payments.checkout.rows import take_over_checkouts
from storefront.payments.webhook.endpoint_rows import take_over_endpoints
from storefront.shop.catalog.mirrors import find_prices_by_account, take_over_mirrors
from storefront.shop.catalog.models import ShopIdentity
from storefront.shop.discounts.mirror_rows import find_coupons_by_account, take_over_rows
from storefront.stripe_api.account import STORED, UNKNOWN, StoredByAccount

TAKE_OVER = (
    take_over_mirrors,
    take_over_rows,
    leave_sessions_of_second,
    take_over_customers,
    take_over_checkouts,
    take_over_endpoints,
)


def set_up_account_rows(app: Flask) -> None:
    STORED.set(StoredByAccount(find_objects=find_objects, take_over=take_over), app)


def find_objects() -> dict[str, str]:
    """Return a price of each account, and a Coupon of those that have none."""
    prices = find_prices_by_account()
    return prices | {account: path for account, path in find_coupons_by_account().items() if account not in prices}


def take_over(account: str) -> None:
    """Give the account what was stored while nothing told whose it is. Safe to repeat."""
    with transaction() as session:
        session.execute(select(ShopIdentity.id).with_for_update())  # processes that start at once take turns
        for take in TAKE_OVER:
            take(session, UNKNOWN, account)
