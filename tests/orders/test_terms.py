"""What was sold stays as it was sold: later settings are for later buyers."""

from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import update

from storefront.core import clock
from storefront.core.db import transaction
from storefront.orders.decide import decide
from storefront.orders.models import Decision, Order
from storefront.shop.catalog.models import Release
from storefront.shop.editor.editions import change_edition
from storefront.shop.editor.product_settings import change_product_settings
from tests.delivery.downloads.clicks import forget_window, status
from tests.delivery.licenses.pools import bring, make_pool, numbered
from tests.support.databases import BOTH
from tests.support.releases import add_release_file
from tests.support.rows import read_rows
from tests.support.sale import Sale, sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer

both = pytest.mark.parametrize("engine", BOTH, indirect=True)


def set_terms(app: Flask, **values: object) -> None:
    with app.app_context():
        change_product_settings("twinspot", values)


def bought_days_ago(app: Flask, days: int) -> None:
    with app.app_context(), transaction() as session:
        session.execute(update(Order).values(paid_at=clock.now() - timedelta(days=days)))


def release_now(app: Flask, folder: Path) -> None:
    """Everything else came out long before."""
    with app.app_context(), transaction() as session:
        session.execute(update(Release).values(published_at=clock.now() - timedelta(days=400)))
    source = folder / "twinspot-9.0.zip"
    source.write_bytes(b"nine")
    with app.app_context():
        add_release_file(slug="twinspot", version="9.0", source=source)


def has_newest(sale: Sale) -> bool:
    return "twinspot-9.0.zip" in sale.order_page()


@both
def test_keeps_updates_and_downloads_of_who_bought_before_the_owner_took_them_away(
    app: Flask, sandbox: SandboxClient, tmp_path: Path
) -> None:
    set_terms(app, update_days=365, download_limit=2, download_days=90)
    old = sell(app, sandbox)
    bought_days_ago(app, 30)
    set_terms(app, update_days=0, download_limit=1, download_days=7)
    new = sell(app, sandbox, email="new@example.com")
    release_now(app, tmp_path)
    assert (has_newest(old), has_newest(new)) == (True, False)
    words = old.words(), new.words()
    assert ("2 downloads left" in words[0], "1 download left" in words[1]) == (True, True)
    link = old.downloads[0].removeprefix(old.buyer.base_url)
    for expected in (200, 200, 403):
        assert status(old.buyer, link) == expected
        forget_window(app)


@both
def test_gives_a_wider_promise_to_new_buyers_alone_and_the_same_back_when_an_order_opens_again(
    app: Flask, sandbox: SandboxClient, tmp_path: Path
) -> None:
    with app.app_context():
        change_edition("twinspot", "Personal", {"update_days": 0})
    old = sell(app, sandbox)
    with app.app_context():
        change_edition("twinspot", "Personal", {"update_days": None})
    new = sell(app, sandbox, email="new@example.com")
    release_now(app, tmp_path)
    assert (has_newest(old), has_newest(new)) == (False, True)
    for decision, shown in ((Decision.WITHDRAW, (False, False)), (Decision.ALLOW, (False, True))):
        with app.app_context():
            for row in read_rows(app, "SELECT number FROM orders"):
                decide(str(row["number"]), decision)
        assert (has_newest(old), has_newest(new)) == shown


@both
def test_makes_a_late_key_by_the_terms_of_its_sale(app: Flask, sandbox: SandboxClient) -> None:
    make_pool(app)
    set_terms(app, activation_limit=3, license_days=365, one_key_per_order_item=True)
    buyer = Buyer(app)
    buyer.add("twinspot", "Personal", quantity=2)
    session_id = buyer.check_out()
    sandbox.pay(session_id)
    buyer.land(session_id)
    set_terms(app, activation_limit=1, license_days=7, one_key_per_order_item=False)
    bring(app, numbered(1))
    (kept,) = read_rows(app, "SELECT activation_limit, expires_at FROM licenses")
    assert kept["activation_limit"] == 6
    assert str(kept["expires_at"])[:10] == f"{clock.now() + timedelta(days=365):%Y-%m-%d}"


@both
def test_hands_out_what_was_bought_when_the_bank_took_days(app: Flask, sandbox: SandboxClient) -> None:
    sale = sell(app, sandbox, payment_method="ach_success")
    set_terms(app, grants_download=False)
    sandbox.settle(sale.payment().id, "succeeded")
    sale.deliver("checkout.session.")
    kinds = read_rows(app, "SELECT kind FROM grants ORDER BY kind")
    assert [row["kind"].lower() for row in kinds] == ["download", "license"]
