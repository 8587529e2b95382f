"""A product that is announced: everybody sees it, nobody buys it, and it needs no price yet."""

import json
import re
from pathlib import Path

import pytest
from flask import Flask

from storefront.core.db import db
from storefront.shop.catalog.models import ProductState
from storefront.shop.editor.products import create_product
from storefront.shop.editor.refusals import NotReady
from storefront.shop.editor.states import set_state
from tests.owner.admin.editor_forms import TWINSPOT, said
from tests.shop.files.folders import apply, mistakes, write
from tests.support.databases import BOTH
from tests.support.people import make_person, sign_in_at_admin
from tests.support.shop import Buyer, find_price

PAGE = "/products/twinspot"


def card_on(buyer: Buyer, slug: str = "twinspot") -> str:
    cards: list[str] = re.findall(r'<li class="card">.*?</li>', buyer.get("/").text, re.DOTALL)
    return next(card for card in cards if f'"/products/{slug}"' in card)


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_is_seen_and_not_sold_until_it_is_published(app: Flask, buyer: Buyer) -> None:
    owner = sign_in_at_admin(app, make_person(app))
    price_id = find_price(app, "twinspot")
    owner.post(f"{TWINSPOT}/state", state="draft")
    assert "it is in your shop" in said(owner, owner.post(f"{TWINSPOT}/state", state="announced"))
    text = buyer.get(PAGE).text
    assert "Coming soon." in text
    assert "Email me when it's available" in text
    assert "Buy now" not in text
    assert "$19" not in text
    assert "offers" not in json.loads(text.split('application/ld+json">')[1].split("</script>")[0])
    assert "Coming soon" in card_on(buyer)
    assert "$" not in card_on(buyer)
    assert PAGE in buyer.get("/sitemap.xml").text
    buyer.post("/cart/add", price_id=price_id)
    assert "Your cart is empty" in buyer.get("/cart").text
    assert "Coming soon" in owner.get(f"{TWINSPOT}/preview").text
    owner.post(f"{TWINSPOT}/state", state="published")
    assert "Buy now" in buyer.get(PAGE).text
    assert "$19" in card_on(buyer)


def test_needs_words_and_no_price(app: Flask, buyer: Buyer, tmp_path: Path) -> None:
    with app.app_context():
        slug = create_product("Later")
        with pytest.raises(NotReady) as refused:
            set_state(slug, ProductState.ANNOUNCED)
        assert len(refused.value.blockers) == 2
        db.session.remove()
    assert buyer.get(f"/products/{slug}").status_code == 404
    front = '---\nname: Soon\nstate: announced\ntagline: "{}"\n---\nIt does more.\n'
    folder = write(tmp_path / "shop", {"products/soon/product.md": front.format("")})
    assert [words for words in mistakes(app, folder) if "tagline" in words]
    write(folder, {"products/soon/product.md": front.format("Later.")})
    apply(app, folder)
    assert "Coming soon." in buyer.get("/products/soon").text
