"""A bundle of the goods that every shop under test sells."""

from flask import Flask

from storefront.core.db import db
from storefront.shop.catalog.models import ProductState
from storefront.shop.editor.editions import add_edition
from storefront.shop.editor.parts import set_parts
from storefront.shop.editor.prices import read_amount, set_price
from storefront.shop.editor.product_settings import change_product_settings
from storefront.shop.editor.products import create_product
from storefront.shop.editor.states import set_state

KIT = ("starter-kit", "Kit")
PARTS = ("twinspot/personal", "the-patient-toolmaker/e-book")
BUNDLE_TEXTS = {"summary": "All you need to begin.", "description_markdown": "Everything at once."}


def add_bundle(
    app: Flask, *parts: str, amount: str = "25.00", slug: str = KIT[0], name: str = "Starter kit"
) -> None:
    """Sell these parts together; without any, a tool with its key and a book."""
    with app.app_context():
        create_product(name, slug=slug, texts=BUNDLE_TEXTS)
        change_product_settings(slug, {"grants_download": False})
        add_edition(slug, KIT[1])
        set_price(slug, "kit", "usd", read_amount(amount, "usd"))
        set_parts(slug, "kit", parts or PARTS)
        set_state(slug, ProductState.PUBLISHED)
        db.session.remove()


def include(app: Flask, *parts: str, slug: str = KIT[0], edition: str = "kit") -> None:
    """Let the bundle include these parts from now on."""
    with app.app_context():
        set_parts(slug, edition, parts)
        db.session.remove()
