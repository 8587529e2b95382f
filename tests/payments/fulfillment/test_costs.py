"""What a sale and its pages cost where that does not depend on the machine: calls, objects, texts parsed."""

import cProfile
import pstats

from flask import Flask
from sqlalchemy import select

from storefront.core.db import transaction
from storefront.shop.catalog.markdown import KEPT_TEXTS, html_of
from storefront.shop.catalog.models import Product
from storefront.stripe_api.gateway import gateway
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer


def test_parses_a_description_once_however_often_its_page_is_asked_for(app: Flask, buyer: Buyer) -> None:
    buyer.get("/products/twinspot")
    parsed = html_of.cache_info().misses
    for _ in range(3):
        assert "<strong>" in buyer.get("/products/twinspot").text
    assert html_of.cache_info().misses == parsed
    with app.app_context(), transaction() as session:
        product = session.scalars(select(Product).where(Product.slug == "twinspot")).one()
        product.description_markdown += "\n\nNew *words* of today."
    assert "New <em>words</em> of today." in buyer.get("/products/twinspot").text
    assert html_of.cache_info().misses == parsed + 1


def test_keeps_a_bounded_number_of_texts() -> None:
    for number in range(KEPT_TEXTS + 10):
        html_of(f"text *{number}*")
    assert html_of.cache_info().currsize == KEPT_TEXTS


def test_reads_a_session_with_one_call_and_none_of_the_sdks_objects(
    app: Flask, buyer: Buyer, sandbox: SandboxClient
) -> None:
    buyer.add("twinspot", quantity=2)
    session_id = buyer.check_out()
    sandbox.pay(session_id, email="ada@example.com")
    sandbox.forget_calls()
    profile = cProfile.Profile()
    with app.app_context():
        seen = profile.runcall(gateway().get_checkout, session_id)
    assert (seen.is_paid, len(seen.lines)) == (True, 1)
    assert len(sandbox.calls()) == 1
    built = [where for where in pstats.Stats(profile).stats if where[0].endswith("_stripe_object.py")]  # type: ignore[attr-defined] # not in its stub
    assert built == []
