"""Our prices at Stripe: made when first needed, made anew once when Stripe lost them, recognized on lines."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import delete, select

from storefront.core import clock, tokens
from storefront.core.db import db, insert_missing, transaction
from storefront.core.runtime import Part, settings
from storefront.shop.catalog.models import Price, Product, ShopIdentity, StripeMirror
from storefront.stripe_api.gateway import gateway
from storefront.stripe_api.seen import SeenLine


@dataclass(frozen=True, slots=True, kw_only=True)
class RecognizedLine:
    """What a line of Stripe's is to us; both None for a line we do not know."""

    price_id: int | None
    product_id: int | None


UNKNOWN = RecognizedLine(price_id=None, product_id=None)


def _ensure_shop_id() -> str:
    found = db.session.scalar(select(ShopIdentity.shop_id))
    if found is None:
        with transaction() as session:
            insert_missing(session, ShopIdentity, [{"id": 1, "shop_id": f"shop_{tokens.new_readable(12)}"}])
            found = session.scalars(select(ShopIdentity.shop_id)).one()
    return found


SHOP_ID = Part("shop id", _ensure_shop_id)


def shop_id() -> str:
    """Random, made once per database; not a secret."""
    return SHOP_ID.get()


def find_mirrors(price_ids: Iterable[int]) -> dict[int, str]:
    """Price id -> Stripe's price id, for the running mode and account."""
    rows = db.session.execute(
        select(StripeMirror.price_id, StripeMirror.stripe_price_id).where(
            StripeMirror.price_id.in_(list(price_ids)),
            StripeMirror.mode == settings().mode,
            StripeMirror.account == gateway().account_id(),
        )
    )
    return {key: value for key, value in rows}  # noqa: C416 - dict() is not typed for rows


def ensure_mirrors(price_ids: Iterable[int], *, remake: str = "") -> dict[int, str]:
    """Like `find_mirrors`, and makes the missing ones at Stripe.

    `remake` names the lost object: with the old idempotency key Stripe would answer with it again for 24 hours.
    Two processes that make the same mirror use the same keys, so Stripe makes one object.
    """
    wanted = list(dict.fromkeys(price_ids))
    gateway().account_id()
    found = find_mirrors(wanted)
    for price_id in [price_id for price_id in wanted if price_id not in found]:
        found[price_id] = _make_mirror(price_id, remake=remake)
    return found


def _make_mirror(price_id: int, *, remake: str) -> str:
    row = db.session.execute(
        select(Price.edition, Price.amount_minor, Price.currency, Price.product_id, Product.name)
        .join(Product, Product.id == Price.product_id)
        .where(Price.id == price_id)
    ).one()
    mode, account, shop = settings().mode, gateway().account_id(), shop_id()
    # Stripe replays a stored 500 for a key: after a minute the key is another one. A twin product harms nobody.
    salt = f"{remake}:{clock.now():%Y%m%d%H%M}"
    # A product for each of our prices: Stripe shows a product's name on form and receipt, never a price's.
    stripe_product = gateway().create_product(
        name=f"{row.name} ({row.edition})" if row.edition else row.name,
        metadata={"storefront": shop, "storefront_product": str(row.product_id)},
        idempotency_key=f"mirror:{shop}:product:{price_id}:{salt}",
    )
    stripe_price = gateway().create_price(
        product_id=stripe_product,
        edition=row.edition,
        amount_minor=row.amount_minor,
        currency=row.currency,
        metadata={"storefront": shop, "storefront_price": str(price_id)},
        idempotency_key=f"mirror:{shop}:price:{price_id}:{salt}:{stripe_product}",
    )
    mirror = {
        "price_id": price_id,
        "mode": mode,
        "account": account,
        "stripe_product_id": stripe_product,
        "stripe_price_id": stripe_price,
    }
    with transaction() as session:
        insert_missing(session, StripeMirror, [mirror])
    return stripe_price


def forget_mirrors(price_ids: Iterable[int]) -> None:
    """Stripe answered `resource_missing`: the next `ensure_mirrors` makes these anew."""
    with transaction() as session:
        session.execute(
            delete(StripeMirror).where(
                StripeMirror.price_id.in_(list(price_ids)), StripeMirror.mode == settings().mode
            )
        )


def _marked(metadata: Mapping[str, str], name: str) -> int | None:
    value = metadata.get(name, "")
    return int(value) if value.isascii() and value.isdigit() else None


def recognize_lines(lines: Iterable[SeenLine], *, shop: str) -> dict[str, RecognizedLine]:
    """Line id -> our price and product: by mirror, else by our own metadata on Stripe's price or product.

    Two statements, however many lines.
    """
    lines = list(lines)
    stripe_prices = {line.stripe_price_id for line in lines if line.stripe_price_id}
    stripe_products = {line.stripe_product_id for line in lines if line.stripe_product_id}
    mirrors = db.session.execute(
        select(
            StripeMirror.stripe_price_id,
            StripeMirror.stripe_product_id,
            StripeMirror.price_id,
            Price.product_id,
        )
        .join(Price, Price.id == StripeMirror.price_id)
        .where(
            StripeMirror.mode == settings().mode,
            StripeMirror.stripe_price_id.in_(stripe_prices) | StripeMirror.stripe_product_id.in_(stripe_products),
        )
    ).all()
    by_price = {
        row.stripe_price_id: RecognizedLine(price_id=row.price_id, product_id=row.product_id) for row in mirrors
    }
    by_product = {
        row.stripe_product_id: RecognizedLine(price_id=None, product_id=row.product_id) for row in mirrors
    }
    ours = [line for line in lines if line.metadata.get("storefront") == shop]
    prices = db.session.execute(
        select(Price.id, Price.product_id).where(
            Price.id.in_({_marked(line.metadata, "storefront_price") or 0 for line in ours})
        )
    )
    products_of_prices = {price_id: product_id for price_id, product_id in prices}  # noqa: C416 - dict() is not typed for rows
    known: dict[str, RecognizedLine] = {}
    for line in lines:
        marked = _marked(line.metadata, "storefront_price") if line in ours else None
        if line.stripe_price_id in by_price:
            known[line.id] = by_price[line.stripe_price_id]
        elif marked in products_of_prices:
            known[line.id] = RecognizedLine(price_id=marked, product_id=products_of_prices[marked])
        else:
            known[line.id] = by_product.get(line.stripe_product_id or "", UNKNOWN)
    return known
