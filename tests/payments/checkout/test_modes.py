"""From sandbox to test: the same database with other keys keeps every product and makes new mirrors."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask

from storefront.app import create_app
from storefront.core.config.settings import Mode, Settings
from storefront.core.db import db
from storefront.devtools.sandbox.config import SandboxConfig
from storefront.devtools.sandbox.server import SandboxServer
from tests.support.databases import BOTH
from tests.support.rows import read_rows
from tests.support.sale import sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer

CATALOG = (
    "SELECT products.slug, products.state, editions.key, prices.id, prices.amount_minor, prices.currency"
    " FROM prices JOIN editions ON editions.id = edition_id JOIN products ON products.id = product_id"
    " ORDER BY prices.id"
)
MIRRORS = "SELECT price_id, mode, account, stripe_price_id FROM stripe_mirrors ORDER BY id"


@pytest.fixture
def other_account() -> Iterator[SandboxClient]:
    """What stands in for Stripe's test mode: another account, which knows nothing of the sandbox's objects."""
    with SandboxServer(SandboxConfig(port=0)) as server:
        yield SandboxClient(server)


@pytest.fixture
def in_test_mode(settings: Settings, other_account: SandboxClient) -> Iterator[Flask]:
    app = create_app(
        replace(
            settings,
            mode=Mode.TEST,
            stripe_api_base=other_account.url,
            stripe_secret_key=other_account.secret_key,
            stripe_publishable_key=other_account.publishable_key,
        )
    )
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_keeps_every_product_and_makes_new_mirrors(
    app: Flask, sandbox: SandboxClient, in_test_mode: Flask, other_account: SandboxClient
) -> None:
    sell(app, sandbox)
    catalog, mirrors = read_rows(app, CATALOG), read_rows(app, MIRRORS)
    assert mirrors
    buyer = Buyer(in_test_mode)
    for slug in {row["slug"] for row in catalog if row["state"] == "published"}:
        assert buyer.get(f"/products/{slug}").status_code == 200
    buyer.add()
    session_id = buyer.check_out()
    lines = other_account.stripe.v1.checkout.sessions.line_items.list(session_id).data
    assert read_rows(app, CATALOG) == catalog
    assert read_rows(app, MIRRORS)[: len(mirrors)] == mirrors
    (new,) = read_rows(app, MIRRORS)[len(mirrors) :]
    assert (new["mode"], new["account"]) == ("test", other_account.server.store.account_id)
    assert [line.price.id for line in lines if line.price] == [new["stripe_price_id"]]
