"""The open pages of the shop: the catalog and one product."""

from flask import Blueprint, current_app, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from storefront.core.runtime import settings
from storefront.shop.catalog.browse import SORT_WORDS, browse, read_asked
from storefront.shop.catalog.currency import chosen_currency, main_currency, put_main_first
from storefront.shop.catalog.file_sizes import show_size
from storefront.shop.catalog.kept_pages import drawn_once, page_nonce
from storefront.shop.catalog.markdown import render_markdown
from storefront.shop.catalog.products import MovedPage, ProductCard, get_product_page, list_products
from storefront.shop.catalog.tax import tax_note
from storefront.shop.discounts.shown import prices_of_page, prices_of_shelf
from storefront.shop.discounts.visit import read_offered
from storefront.shop.found.heads import head_of_product, head_of_shop
from storefront.shop.media.queries import find_pictures, list_samples
from storefront.shop.profile.read import read_profile, read_told_profile
from storefront.web.open_pages import is_open_to_all

catalog = Blueprint("catalog", __name__)
catalog.add_app_template_filter(show_size, "filesize")
catalog.add_app_template_filter(render_markdown, "markdown")


@catalog.app_context_processor
def offer_links() -> dict[str, object]:
    """Offer the library in the header only in a shop that has one, and say what prices hold."""
    return {"has_library": "account.library" in current_app.view_functions, "tax_note": _tax_note}


def _tax_note(card: ProductCard) -> str:
    return tax_note(card.tax_behavior, is_taxed=settings().stripe_tax)


@catalog.get("/", endpoint="catalog")
@drawn_once
def show_catalog() -> ResponseReturnValue:
    asked = read_asked(request.args)
    offered = read_offered()
    if offered.is_for_all:
        is_open_to_all(is_found=not asked.is_filtered and not asked.sort.value and not offered.notice)
    chosen = chosen_currency()
    shelf = browse(list_products(chosen, is_searched=asked.is_filtered), asked)
    prices = prices_of_shelf(shelf.cards, offered)
    currencies = put_main_first((each for card in shelf.all_cards for each in card.currencies), main_currency())
    return render_template(
        "shop/catalog/catalog.html",
        found=head_of_shop(read_told_profile(), page=shelf.page),
        shelf=shelf,
        sorts=SORT_WORDS,
        pictures=find_pictures(product.product_id for product in shelf.cards),
        currencies=currencies,
        shown_currency=chosen if chosen in currencies else next(iter(currencies), ""),
        prices=prices,
    )


@catalog.get("/products/<slug>", endpoint="product")
@drawn_once
def show_product(slug: str) -> ResponseReturnValue:
    chosen = request.args.get("edition", 0, type=int)
    named = 0 if "currency" in request.args else chosen
    try:
        page = get_product_page(slug, chosen_currency(), price_id=named)
    except MovedPage as moved:
        is_open_to_all()
        return redirect(_address(moved.slug), code=301)
    offered = read_offered()
    if offered.is_for_all:
        is_open_to_all(is_found=page.is_listed and not offered.notice)
    pictures = find_pictures([page.card.product_id])[page.card.product_id]
    samples = list_samples(page.card.product_id)
    prices = prices_of_page(page, offered)
    return render_template(
        "shop/catalog/product.html",
        page=page,
        found=head_of_product(page, pictures, read_profile(), prices.promotion),
        pictures=pictures,
        samples=samples,
        chosen=chosen,
        prices=prices,
        # The page of those without a cookie is the same for all of them, and draws its own.
        nonce=page_nonce() if session else "",
        has_token=bool(session),
    )


def _address(slug: str) -> str:
    """Return the page of a product, with the edition and the currency that were asked for."""
    query = request.query_string.decode("ascii", "ignore")
    return url_for("catalog.product", slug=slug) + (f"?{query}" if query else "")
