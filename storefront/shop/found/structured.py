"""What search engines read of a product: schema.org's Product with an Offer for each edition and currency.

https://developers.google.com/search/docs/appearance/structured-data/product
"""

import json
from typing import Any

from markupsafe import Markup

from storefront.core.money import write_money
from storefront.shop.catalog.products import OfferedEdition, ProductPage
from storefront.shop.discounts.shown import ShownPromotion
from storefront.shop.found.words import cut

LONGEST_TEXT = 5000  # what readers of such data take
# None of these can end a script element, or begin a comment in one; in JSON they mean the same.
ESCAPES = {ord("<"): "\\u003c", ord(">"): "\\u003e", ord("&"): "\\u0026", 0x2028: "\\u2028", 0x2029: "\\u2029"}


def product_data(
    page: ProductPage,
    *,
    shop_name: str,
    url: str,
    image_url: str,
    promotion: ShownPromotion | None = None,
) -> Markup:
    """Return the element for a page's head. Browsers run nothing of this type, so no policy has to allow it.

    What others say of it is left out: a seller chose it, and search engines take no reviews from who is reviewed.
    https://developers.google.com/search/docs/appearance/structured-data/review-snippet#guidelines
    """
    data = {
        "@context": "https://schema.org",
        "@type": "Product",
        "name": page.card.name,
        "description": cut(page.search_text or page.card.summary or page.card.name, LONGEST_TEXT),
        "url": url,
        "image": [image_url],
        "brand": {"@type": "Brand", "name": shop_name},
        "offers": [
            _offer(offer, url=url, shop_name=shop_name) | _promoted(offer, promotion) for offer in page.offers
        ],
    }
    if not page.offers:
        del data["offers"]
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":")).translate(ESCAPES)
    # Escaped above: no text can leave the element.
    return Markup(f'<script type="application/ld+json">{text}</script>')  # noqa: S704 - as said


def _promoted(offer: OfferedEdition, promotion: ShownPromotion | None) -> dict[str, Any]:
    """Return the lower price and its last day, and the one that is crossed out where the page crosses one out.

    https://developers.google.com/search/docs/appearance/structured-data/merchant-listing#sale-pricing-example
    """
    price = promotion.prices.get(offer.price_id) if promotion else None
    if price is None or promotion is None or promotion.ends_at is None:
        return {}
    lower = {
        "price": write_money(price.now_minor, offer.currency),
        "priceValidUntil": promotion.ends_at.isoformat(timespec="seconds"),
    }
    if price.was_minor is None:
        return lower
    return lower | {"priceSpecification": _crossed_out(price.was_minor, offer.currency)}


def _crossed_out(amount_minor: int, currency: str) -> dict[str, str]:
    return {
        "@type": "UnitPriceSpecification",
        "priceType": "https://schema.org/StrikethroughPrice",
        "price": write_money(amount_minor, currency),
        "priceCurrency": currency.upper(),
    }


def _offer(offer: OfferedEdition, *, url: str, shop_name: str) -> dict[str, Any]:
    """Return an offer. Where buyers choose what they pay, its price is the least that is taken."""
    return {
        "@type": "Offer",
        "name": offer.name,
        "price": write_money(offer.lowest_minor, offer.currency),
        "priceCurrency": offer.currency.upper(),
        "availability": "https://schema.org/InStock",
        "itemCondition": "https://schema.org/NewCondition",
        "url": f"{url}?edition={offer.price_id}&currency={offer.currency}",
        "seller": {"@type": "Organization", "name": shop_name},
    }
