"""The shop with another key of its Stripe account, as a new process of it has after the setting was changed."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from flask import Flask

from storefront.core.runtime import runtime
from storefront.stripe_api.account import UNKNOWN
from storefront.stripe_api.gateway import FOR_PAGES, GATEWAY, Patience, gateway, set_up_gateway
from tests.support.permissions import ALL_THAT_IS_NEEDED, FOR_CARDS
from tests.support.rows import change_rows
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import PATIENCE_SECONDS

PATIENT = Patience(connect=PATIENCE_SECONDS, read=PATIENCE_SECONDS, retries=FOR_PAGES.retries)
FOR_DISCOUNTS = ("coupon_write", "promotion_code_write")
TOLD_BY = {"stripe_mirrors": "stripe_price_id", "discount_mirrors": "coupon_id"}  # whose the key is


def use_restricted_key(app: Flask, sandbox: SandboxClient) -> None:
    """Take one that may do all that a shop needs, and may not say whose it is."""
    _use(app, _restricted(sandbox), sandbox)


def use_secret_key(app: Flask, sandbox: SandboxClient) -> None:
    _use(app, sandbox.secret_key, sandbox)


def use_other_account(app: Flask, other: SandboxClient, *, is_restricted: bool) -> None:
    """Take a key of an account that knows nothing of what the shop has."""
    _use(app, _restricted(other) if is_restricted else other.secret_key, other)


def use_dead_key(app: Flask, stripe: SandboxClient) -> None:
    """Take one that Stripe takes for no key, as after it was rolled in the Dashboard."""
    _use(app, "rk_test_" + "d" * 30, stripe)


def use_untold_key(app: Flask, sandbox: SandboxClient) -> None:
    """Take a restricted one that nothing tells the account of, until another key is taken."""
    _use(app, _restricted(sandbox), sandbox, is_told=False)
    assert account_of(app) == UNKNOWN


def use_secret_key_of_older_version(app: Flask, sandbox: SandboxClient) -> None:
    """Take one as a shop did that left the rows of an unknown account to it."""
    _use(app, sandbox.secret_key, sandbox, is_told=False)
    assert account_of(app) != UNKNOWN


@contextmanager
def another_process(app: Flask) -> Iterator[None]:
    """Be one for a while: this one goes on with the key that it has, and what it knows of it."""
    own = GATEWAY.get(app)
    yield
    GATEWAY.set(own, app)


def account_of(app: Flask) -> str:
    with app.app_context():
        return gateway().account_id()


def _restricted(sandbox: SandboxClient) -> str:
    permissions = [*ALL_THAT_IS_NEEDED, *FOR_CARDS, *FOR_DISCOUNTS]
    return str(sandbox.control("restricted_keys", permissions=permissions)["key"])


def _use(app: Flask, key: str, stripe: SandboxClient, *, is_told: bool = True) -> None:
    told = "REPLACE({0}, '-gone', '')" if is_told else "{0} || '-gone'"
    change_rows(app, *(f"UPDATE {table} SET {name} = {told.format(name)}" for table, name in TOLD_BY.items()))
    changed = replace(runtime(app).settings, stripe_api_base=stripe.url, stripe_secret_key=key)
    set_up_gateway(app, changed, PATIENT)
