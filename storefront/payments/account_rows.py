"""Every row that is kept by account of Stripe: given to the account that turns out to be theirs."""

from flask import Flask
from sqlalchemy import select

from storefront.core.db import db, transaction
from storefront.core.runtime import settings
from storefront.customers.at_stripe import StripeCustomer, take_over_customers
from storefront.payments.checkout.left_sessions import leave_sessions_of_second
from storefront.payments.checkout.models import Checkout
from storefront.payments.checkout.rows import take_over_checkouts
from storefront.payments.webhook.endpoint_rows import take_over_endpoints
from storefront.payments.webhook.models import WebhookEndpoint
from storefront.shop.catalog.mirrors import find_prices_by_account, has_left_mirrors, take_over_mirrors
from storefront.shop.catalog.models import ShopIdentity
from storefront.shop.discounts.mirror_rows import find_coupons_by_account, take_over_rows
from storefront.shop.discounts.models import DiscountMirror
from storefront.stripe_api.account import STORED, UNKNOWN, StoredByAccount

TAKE_OVER = (
    take_over_mirrors,
    take_over_rows,
    leave_sessions_of_second,
    take_over_customers,
    take_over_checkouts,
    take_over_endpoints,
)
TAKEN_WHOLE = DiscountMirror, StripeCustomer, Checkout, WebhookEndpoint


def set_up_account_rows(app: Flask) -> None:
    STORED.set(StoredByAccount(find_objects=find_objects, has_left=has_left, take_over=take_over), app)


def find_objects() -> dict[str, str]:
    """Return a price of each account, and a Coupon of those that have none."""
    prices = find_prices_by_account()
    return prices | {account: path for account, path in find_coupons_by_account().items() if account not in prices}


def has_left(account: str) -> bool:
    """Tell whether anything would be taken over: a twin of a price stays for ever."""
    return has_left_mirrors(UNKNOWN, account) or any(
        db.session.scalar(select(model.id).filter_by(mode=settings().mode, account=UNKNOWN).limit(1))
        for model in TAKEN_WHOLE
    )


def take_over(account: str) -> bool:
    """Give the account what was stored while nothing told whose it is. Safe to repeat; False if that is done."""
    with transaction() as session:
        session.execute(select(ShopIdentity.id).with_for_update())  # processes that start at once take turns
        if not has_left(account):
            return False
        for take in TAKE_OVER:
            take(session, UNKNOWN, account)
    return True
