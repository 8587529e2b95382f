"""Names, summaries and pictures at Stripe follow ours: its form, receipts and Payment Links show them."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Row, Select, select, update

from storefront.core.config.live import is_on_internet
from storefront.core.db import transaction
from storefront.core.errors import StripeMissing, StripeRefused
from storefront.core.languages import _, offered, speaking
from storefront.core.runtime import settings
from storefront.shop.catalog.models import Edition, Price, Product, StripeMirror
from storefront.shop.media.queries import find_pictures
from storefront.stripe_api.products import show_product
from storefront.stripe_api.refusals import NOT_PERMITTED
from storefront.stripe_api.refused_lately import RefusedLately

log = logging.getLogger(__name__)

NOT_ALLOWED = RefusedLately("new names")
Pictures = Mapping[int, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What Stripe shows of one of its products; `image` is an address, and texts may be empty."""

    name: str
    description: str
    image: str


def name_at_stripe(product: str, edition: str, *, is_upgrade: bool = False) -> str:
    """Return what Stripe shows: it has a product for each of our prices, and never shows a price's name.

    In the shop's own language, whoever asks: another word for each buyer would be told to Stripe each time.
    """
    if is_upgrade:
        with speaking(offered().own):
            return _("%(product)s (upgrade to %(edition)s)", product=product, edition=edition)
    return f"{product} ({edition})" if edition else product


def find_pictures_for_stripe(product_ids: Iterable[int]) -> Pictures:
    """Return the address of each product's cover. None where Stripe and buyers can't load it from the shop.

    One statement, and none for a shop that isn't on the internet.
    """
    address = settings().base_url
    if not (address.startswith("https://") and is_on_internet(address)):
        return {}
    found = find_pictures(dict.fromkeys(product_ids))
    return {product_id: address + views[0].preview_url for product_id, views in found.items() if views}


def to_tell(row: Row[*tuple[Any, ...]], pictures: Pictures) -> Told:
    """Return what Stripe's product is to show. `row` is of `select_names`, or has as much."""
    return Told(
        name=name_at_stripe(row.product, row.edition, is_upgrade=row.upgrades_from_id is not None),
        description=row.summary,
        image=pictures.get(row.product_id, ""),
    )


def select_names() -> Select[*tuple[Any, ...]]:
    """Select mirrors with what Stripe was told and what is ours now, to be narrowed by the caller."""
    return (
        select(
            StripeMirror.id,
            StripeMirror.account,
            StripeMirror.price_id,
            StripeMirror.stripe_price_id,
            StripeMirror.stripe_product_id,
            StripeMirror.name,
            StripeMirror.description,
            StripeMirror.image,
            Product.id.label("product_id"),
            Product.name.label("product"),
            Product.summary,
            Edition.name.label("edition"),
            Price.upgrades_from_id,
        )
        .join(Price, Price.id == StripeMirror.price_id)
        .join(Edition, Edition.id == Price.edition_id)
        .join(Product, Product.id == Edition.product_id)
        .order_by(StripeMirror.id)
    )


def is_told(row: Row[*tuple[Any, ...]], pictures: Pictures) -> bool:
    new = to_tell(row, pictures)
    return (row.name, row.description, row.image) == (new.name, new.description, new.image)


def follow_name(row: Row[*tuple[Any, ...]], pictures: Pictures, *, is_needed: bool = True) -> bool:
    """Tell Stripe what one mirror shows if it changed. No transaction is open. Returns whether it was told.

    A key that may not do it stops no sale: what was told before is shown, and for a while it is not tried again.

    Raises:
        StripeMissing: Stripe has lost the product, and it `is_needed` now.
        StripeUnavailable: no answer; it may be asked again.
    """
    if is_told(row, pictures) or NOT_ALLOWED.is_remembered():
        return False
    new = to_tell(row, pictures)
    try:
        show_product(row.stripe_product_id, new.name, new.description, new.image)
    except StripeMissing:
        if is_needed:
            raise
    except StripeRefused as error:
        log.warning("stripe refused a new name", extra={"mirror": row.id})
        if error.stripe_code == NOT_PERMITTED:
            NOT_ALLOWED.note()
        return False
    _note_told(row, new)
    return True


def _note_told(row: Row[*tuple[Any, ...]], new: Told) -> None:
    is_as_read = (
        StripeMirror.id == row.id,
        StripeMirror.name.is_not_distinct_from(row.name),
        StripeMirror.description.is_not_distinct_from(row.description),
        StripeMirror.image.is_not_distinct_from(row.image),
    )
    with transaction() as session:
        told = update(StripeMirror).where(*is_as_read).values(**asdict(new)).returning(StripeMirror.id)
        if session.scalar(told) is None:
            # Somebody told another name meanwhile, and nobody knows which came last: the next look tells it again.
            session.execute(update(StripeMirror).where(StripeMirror.id == row.id).values(name=None))
