"""An owner changes the shelf while somebody pays: who paid gets it, and nobody learns of drafts."""

import pytest
from flask import Flask
from sqlalchemy import delete as delete_rows
from sqlalchemy import update

from storefront.core.db import db, transaction
from storefront.payments.checkout.models import Checkout
from storefront.payments.checkout.payment_links import create_link
from storefront.shop.catalog.models import ProductState, StripeMirror
from storefront.shop.editor.editions import delete_edition
from storefront.shop.editor.refusals import ProductRefused
from tests.payments.checkout.buttons import press
from tests.support.goods import change_product, set_price
from tests.support.rows import read_rows
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer, find_price, keys_on


def delete(app: Flask, slug: str, edition: str) -> None:
    with app.app_context():
        try:
            delete_edition(slug, edition)
        finally:
            db.session.remove()


def test_deletes_no_edition_that_somebody_is_paying_for(app: Flask, buyer: Buyer, sandbox: SandboxClient) -> None:
    session_id = buyer.session_on(buyer.get(press(buyer, "twinspot", "Team").location))
    with pytest.raises(ProductRefused, match="switch it off"):
        delete(app, "twinspot", "team")
    sandbox.pay(session_id)
    assert len(keys_on(buyer.land(session_id).text)) == 1


def test_deletes_no_edition_that_a_payment_link_sells(app: Flask, sandbox: SandboxClient) -> None:
    with app.app_context():
        create_link(["twinspot/Team"])
        db.session.remove()
    with pytest.raises(ProductRefused, match="switch it off"):
        delete(app, "twinspot", "team")


def test_tells_nobody_the_name_of_a_draft(app: Flask, buyer: Buyer) -> None:
    price = find_price(app, "soft-taps", "Studio")
    change_product(app, "soft-taps", state=ProductState.DRAFT, name="Secret")
    answer = buyer.post("/checkout/now", price_id=price)
    assert answer.location == "/"
    assert "Secret" not in buyer.get(answer.location).text


def test_makes_links_in_the_currency_that_is_named(app: Flask, sandbox: SandboxClient) -> None:
    euros = set_price(app, "twinspot", "team", "eur", 7100)
    with app.app_context():
        create_link(["twinspot/Team/eur"])
        create_link(["twinspot/Team/USD"])
        db.session.remove()
    assert {row["price_id"] for row in read_rows(app, "SELECT price_id FROM stripe_mirrors")} == {
        euros,
        find_price(app, "twinspot", "Team"),
    }


def test_says_that_a_price_is_gone_to_who_was_on_the_way_to_pay_it(
    app: Flask, buyer: Buyer, sandbox: SandboxClient
) -> None:
    token = press(buyer, "twinspot", "Team").location.rpartition("/")[2]
    with app.app_context(), transaction() as session:  # as if Stripe had not answered yet
        session.execute(
            update(Checkout).where(Checkout.token == token).values(body=None, checkout_session_id=None)
        )
        session.execute(delete_rows(StripeMirror))
    delete(app, "twinspot", "team")
    answer = buyer.get(f"/checkout/{token}")
    assert answer.status_code == 404
    assert "sold any more" in answer.text
