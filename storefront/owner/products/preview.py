"""The page of a product as it would look with texts that are not saved yet."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from storefront.core.db import db
from storefront.shop.catalog.markdown import render_markdown
from storefront.shop.catalog.products import ProductPage, Quote, read_product_page
from storefront.shop.catalog.queries import get_product

LONGEST_PREVIEW = 40_000  # characters of a text: what cannot be saved is shown all the same, within reason


def read_preview(slug: str, texts: Mapping[str, Any], *, currency: str = "") -> ProductPage:
    """Return the page with these texts in place of its own; those that are not named stay.

    Raises:
        NotFound: no such product.
    """
    product = get_product(db.session(), slug)
    page = read_product_page(product, currency)
    card = replace(
        page.card,
        name=texts.get("name", product.name),
        summary=texts.get("summary", product.summary),
        tags=tuple(filter(None, texts.get("tags", product.tags))),
    )
    markdown = {
        name: render_markdown(str(texts.get(name, getattr(product, name)))[:LONGEST_PREVIEW])
        for name in ("description_markdown", "requirements")
    }
    questions = texts.get("questions", product.questions)
    quotes = (Quote(*quote) for quote in texts.get("quotes", product.quotes))
    return replace(
        page,
        card=card,
        description=markdown["description_markdown"],
        requirements=markdown["requirements"],
        questions=tuple((question, render_markdown(answer)) for question, answer in questions if question),
        # A link is checked when it is saved; until then it leads nowhere.
        quotes=tuple(replace(quote, link="") for quote in quotes if quote.text),
    )
