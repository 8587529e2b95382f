"""Our prices at Stripe: made when first needed, and made anew once when Stripe lost them."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, func, select, update
from sqlalchemy.orm import Session, aliased

from storefront.core import clock, tokens
from storefront.core.db import db, insert_missing, transaction
from storefront.core.errors import NotFound
from storefront.core.runtime import Part, settings
from storefront.core.texts import marked
from storefront.shop.catalog.amounts import ChosenAmount, amount_of_price, suggested_of
from storefront.shop.catalog.mirror_names import (
    find_pictures_for_stripe,
    follow_name,
    is_told,
    select_names,
    to_tell,
)
from storefront.shop.catalog.models import Edition, LostMirror, Price, Product, ShopIdentity, StripeMirror
from storefront.stripe_api.gateway import gateway
from storefront.stripe_api.products import create_product


def _ensure_shop_id() -> str:
    marker = db.session.scalar(select(ShopIdentity.shop_id))
    if marker is None:
        with transaction() as session:
            insert_missing(session, ShopIdentity, [{"id": 1, "shop_id": f"shop_{tokens.new_readable(12)}"}])
            marker = session.scalars(select(ShopIdentity.shop_id)).one()
    return marker


SHOP_ID = Part("shop id", _ensure_shop_id)
PRICE_AT = "storefront_price_at"  # in the metadata of a price at Stripe: when ours was made, as nothing else knows


def shop_id() -> str:
    """Return what marks our objects at Stripe: random, made once per database; not a secret."""
    return SHOP_ID.get()


def in_running_mode() -> ColumnElement[bool]:
    """Select mirrors of the running mode only: a test price means nothing to live Stripe."""
    return StripeMirror.mode == settings().mode


@dataclass(frozen=True, slots=True, kw_only=True)
class Mirror:
    """A price at Stripe; `is_chosen`: the buyer says how much, so it is sold alone and at no discount.

    `most_in_form`: up to so many buyers may take inside Checkout. `offered_beside` are slugs. An upgrade is sold
    alone as well, and takes no codes: what it costs was said at the license that it is for.
    """

    stripe_price_id: str
    is_chosen: bool
    currency: str
    most_in_form: int | None
    offered_beside: tuple[str, ...]
    is_upgrade: bool = False


def is_taxed_as_now() -> ColumnElement[bool]:
    """Select mirrors that were made with the tax code and behavior which the product has now."""
    return (StripeMirror.tax_code == Product.tax_code) & (StripeMirror.tax_behavior == Product.tax_behavior)


def find_mirrors(price_ids: Iterable[int]) -> dict[int, Mirror]:
    """Return prices at Stripe by the ids of ours, for the running mode and account, taxed as products are now."""
    return _mirrors(_read_known(price_ids))


def _read_known(price_ids: Iterable[int]) -> Sequence[Row[Any]]:
    known = (
        select_names()
        .add_columns(Price, Product.most_in_form, Product.offered_beside)
        .where(
            StripeMirror.price_id.in_(list(price_ids)),
            in_running_mode(),
            StripeMirror.account == gateway().account_id(),
            is_taxed_as_now(),
        )
    )
    return db.session.execute(known).all()


def _mirrors(rows: Iterable[Row[Any]]) -> dict[int, Mirror]:
    return {row.price_id: _mirror(row.stripe_price_id, row) for row in rows}


def _mirror(stripe_price_id: str, row: Row[Any]) -> Mirror:
    price: Price = row.Price
    is_chosen = price.least_minor is not None
    if price.upgrades_from_id is not None:
        return Mirror(
            stripe_price_id=stripe_price_id,
            is_chosen=False,
            currency=price.currency,
            most_in_form=None,
            offered_beside=(),
            is_upgrade=True,
        )
    return Mirror(
        stripe_price_id=stripe_price_id,
        is_chosen=is_chosen,
        currency=price.currency,
        most_in_form=None if is_chosen or price.amount_minor == 0 else row.most_in_form,
        offered_beside=tuple(row.offered_beside),
    )


def ensure_mirrors(price_ids: Iterable[int], *, remake: str = "") -> dict[int, Mirror]:
    """Return prices at Stripe by the ids of ours. Those that are missing there are made, and new names told.

    `remake` names the lost object: with the old idempotency key Stripe would answer with it again for 24 hours.
    Two processes that make the same mirror use the same keys, so Stripe makes one object; where a minute began
    between them it makes two, and the one that was stored first is sold.
    """
    wanted = list(dict.fromkeys(price_ids))
    if not wanted:
        return {}
    rows = _read_known(wanted)
    mirrors = _mirrors(rows)
    pictures = find_pictures_for_stripe(row.product_id for row in rows)
    for row in rows:
        follow_name(row, pictures)
    missing = [price_id for price_id in wanted if price_id not in mirrors]
    for price_id in missing:
        mirrors[price_id] = _make_mirror(price_id, remake=remake)
    return mirrors


def _make_mirror(price_id: int, *, remake: str) -> Mirror:
    row = db.session.execute(
        select(
            Edition.name.label("edition"),
            Price,
            Edition.product_id,
            Product.name.label("product"),
            Product.summary,
            Price.upgrades_from_id,
            Product.tax_code,
            Product.tax_behavior,
            Product.most_in_form,
            Product.offered_beside,
        )
        .join(Edition, Edition.id == Price.edition_id)
        .join(Product, Product.id == Edition.product_id)
        .where(Price.id == price_id)
    ).one_or_none()
    if row is None:  # its edition was deleted while somebody was on the way to pay
        raise NotFound(marked("Something in this cart isn't sold any more. Your cart shows what is."))
    price: Price = row.Price
    amount, currency = amount_of_price(price), price.currency
    made_at = price.created_at.isoformat()
    as_sold, shown = _mirror("", row), to_tell(row, find_pictures_for_stripe([row.product_id]))
    mode, account, shop = settings().mode, gateway().account_id(), shop_id()
    # Stripe replays a stored 500 for a key: after a minute the key is another one. A twin product harms nobody.
    salt = f"{remake}:{row.tax_code}:{row.tax_behavior}:{clock.now():%Y%m%d%H%M}"
    # A product for each of our prices: Stripe shows a product's name on form and receipt, never a price's.
    stripe_product = create_product(
        name=shown.name,
        description=shown.description,
        image=shown.image,
        tax_code=row.tax_code,
        metadata={"storefront": shop, "storefront_product": str(row.product_id)},
        idempotency_key=f"mirror:{shop}:product:{price_id}:{salt}",
    )
    stripe_price = gateway().create_price(
        product_id=stripe_product,
        edition=row.edition,
        amount_minor=suggested_of(amount),
        limits=(amount.least_minor, amount.most_minor) if isinstance(amount, ChosenAmount) else None,
        currency=currency,
        tax_behavior=row.tax_behavior,
        metadata={"storefront": shop, "storefront_price": str(price_id), PRICE_AT: made_at},
        idempotency_key=f"mirror:{shop}:price:{price_id}:{made_at}:{salt}:{stripe_product}",
    )
    mirror = {
        "price_id": price_id,
        "mode": mode,
        "account": account,
        "tax_code": row.tax_code,
        "tax_behavior": row.tax_behavior,
        "stripe_product_id": stripe_product,
        "stripe_price_id": stripe_price,
        **asdict(shown),
    }
    with transaction() as session:
        stored = stripe_price if insert_missing(session, StripeMirror, [mirror]) else _read_stored(session, mirror)
    return replace(as_sold, stripe_price_id=stored)


def _read_stored(session: Session, mirror: dict[str, Any]) -> str:
    """Return the price that another click has stored first: what two clicks send to Stripe has to be the same."""
    key = {name: mirror[name] for name in ("price_id", "mode", "account", "tax_code", "tax_behavior")}
    return session.scalars(select(StripeMirror.stripe_price_id).filter_by(**key)).one()


def forget_mirrors(price_ids: Iterable[int]) -> None:
    """Let the next `ensure_mirrors` make these anew: Stripe answered `resource_missing`. Safe to repeat.

    Those of other accounts stay. What is sold of the lost ones, or of their products at Stripe, is still known.
    """
    is_lost = (
        StripeMirror.price_id.in_(list(price_ids)),
        in_running_mode(),
        StripeMirror.account == gateway().account_id(),
    )
    kept = (StripeMirror.price_id, StripeMirror.mode, StripeMirror.stripe_product_id, StripeMirror.stripe_price_id)
    with transaction() as session:
        lost = session.execute(delete(StripeMirror).where(*is_lost).returning(*kept)).all()
        # Two checkouts lose the same one, and within a minute Stripe gives both the same new one.
        insert_missing(session, LostMirror, [row._asdict() for row in lost])


def find_prices_by_account() -> dict[str, str]:
    """Return the address at Stripe of each account's newest price, the newest first."""
    newest = select(func.max(StripeMirror.id)).where(in_running_mode()).group_by(StripeMirror.account)
    rows = db.session.execute(
        select(StripeMirror.account, StripeMirror.stripe_price_id)
        .where(StripeMirror.id.in_(newest))
        .order_by(StripeMirror.id.desc())
    )
    return {row.account: f"/v1/prices/{row.stripe_price_id}" for row in rows}


def has_left_mirrors(old: str, new: str) -> bool:
    return db.session.scalar(select(StripeMirror.id).where(*_is_left(old, new)).limit(1)) is not None


def take_over_mirrors(session: Session, old: str, new: str) -> None:
    """Give mirrors to another account. Where that has its own of a price, the old one only says what was sold."""
    session.execute(
        update(StripeMirror)
        .where(*_is_left(old, new))
        .values(account=new)
        .execution_options(synchronize_session=False)
    )


def _is_left(old: str, new: str) -> tuple[ColumnElement[bool], ...]:
    twin = aliased(StripeMirror)
    is_twin = (
        twin.mode == StripeMirror.mode,
        twin.account == new,
        twin.price_id == StripeMirror.price_id,
        twin.tax_code == StripeMirror.tax_code,
        twin.tax_behavior == StripeMirror.tax_behavior,
    )
    return in_running_mode(), StripeMirror.account == old, ~select(twin.id).where(*is_twin).exists()


def follow_names() -> int:
    """Tell Stripe what our products are called by now, for Payment Links that nobody opens here. Safe to repeat.

    Returns how many were told.
    """
    rows = db.session.execute(select_names().where(in_running_mode())).all()
    pictures = find_pictures_for_stripe(row.product_id for row in rows)
    if all(is_told(row, pictures) for row in rows):
        return 0
    account = gateway().account_id()
    return sum(follow_name(row, pictures, is_needed=False) for row in rows if row.account == account)
