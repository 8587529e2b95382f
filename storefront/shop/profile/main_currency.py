"""The currency that comes first wherever the shop has a price in it. Empty: the one that was priced first."""

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront.shop.catalog.models import Edition, Price, Product, ProductState
from storefront.shop.editor.prices import check_currency
from storefront.shop.editor.refusals import ProductRefused


def read_currency(text: str) -> str:
    """Return the code in small letters, or nothing for nothing.

    Raises:
        ValueError: with a sentence.
    """
    try:
        return check_currency(text) if text.strip() else ""
    except ProductRefused as refused:
        raise ValueError(refused.problems["currency"]) from refused


def list_priced(session: Session) -> list[str]:
    """Return the currencies in which something has a price now, by their codes; also what is still a draft."""
    priced = (
        select(Price.currency)
        .join(Edition, Edition.id == Price.edition_id)
        .join(Product, Product.id == Edition.product_id)
        .where(Price.is_active, Edition.is_active, Product.state != ProductState.RETIRED)
    )
    return sorted(set(session.scalars(priced.distinct())))


def find_currency_trouble(currency: str, priced: Collection[str]) -> str:
    """Return a sentence about a main currency that counts for nothing; nothing of one that is priced."""
    if not currency or currency in priced:
        return ""
    return f"Nothing has a price in {currency.upper()}, so the currency that was priced first comes first."
