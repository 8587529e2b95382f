"""All that the editor of a product shows, as committed now."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select

from storefront.buyers.availability.tell import count_waiting_for
from storefront.core.db import db
from storefront.owner.products.listing import count_orders
from storefront.owner.products.possible_parts import PossibleProduct, list_possible_parts
from storefront.shop.catalog.amounts import Amount, amount_of_price
from storefront.shop.catalog.models import Edition, Price, Product, ProductState
from storefront.shop.catalog.parts import read_part_names
from storefront.shop.catalog.queries import by_currency, get_product, select_editions
from storefront.shop.editor.editions import read_edition
from storefront.shop.editor.part_troubles import find_part_troubles
from storefront.shop.editor.parts import INCLUDES
from storefront.shop.editor.places import digest_of_order
from storefront.shop.editor.product_settings import PRODUCT_FIELDS
from storefront.shop.editor.products import read_texts
from storefront.shop.editor.stale import digest_of
from storefront.shop.editor.states import find_blockers
from storefront.shop.media.queries import PictureView, SampleView, find_pictures, list_samples


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionPart:
    """`prices` are amounts in minor units by currency; `shown` are digests of `values` and `includes`."""

    key: str
    is_active: bool
    values: dict[str, Any]
    shown: dict[str, str]
    prices: dict[str, Amount]
    includes: list[str]
    part_troubles: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EditorPage:
    """`texts` and `settings` are columns by name, `shown` their digests; `blockers` say why it cannot be sold.

    `waiting` are addresses that want an email when it is for sale.
    `shown_orders` are digests of the order of pictures, samples and editions.
    """

    slug: str
    name: str
    state: ProductState
    texts: dict[str, Any]
    settings: dict[str, Any]
    shown: dict[str, str]
    editions: tuple[EditionPart, ...]
    possible_parts: tuple[PossibleProduct, ...]
    currencies: tuple[str, ...]
    blockers: tuple[str, ...]
    pictures: tuple[PictureView, ...]
    samples: tuple[SampleView, ...]
    orders: int
    waiting: int
    shown_orders: dict[str, str]

    def as_shown_before(self, part: str, shown: Mapping[str, str]) -> "EditorPage":
        """Return the page with the digests that the form of this part was sent with.

        It shows what was typed, so the digests of what is saved by now would take fields that nobody touched
        for changed ones, and the next save would undo what somebody else saved meanwhile.
        """
        editions = tuple(
            replace(edition, shown={**edition.shown, **shown}) if part == f"edition-{edition.key}" else edition
            for edition in self.editions
        )
        own = {**self.shown, **shown} if part in ("texts", "settings") else self.shown
        return replace(self, shown=own, editions=editions)


def read_editor_page(slug: str) -> EditorPage:
    """Return the product of this slug, or of one that it had.

    Raises:
        NotFound: no such product.
    """
    product = get_product(db.session(), slug)
    texts = read_texts(product)
    settings = {name: getattr(product, name) for name in PRODUCT_FIELDS}
    editions = _read_editions(product)
    pictures, samples = find_pictures([product.id])[product.id], list_samples(product.id)
    return EditorPage(
        slug=product.slug,
        name=product.name,
        state=product.state,
        texts=texts,
        settings=settings,
        shown={name: digest_of(value) for name, value in (texts | settings).items()},
        editions=editions,
        possible_parts=list_possible_parts(product.id),
        currencies=tuple(dict.fromkeys(currency for edition in editions for currency in edition.prices)),
        blockers=tuple(find_blockers(db.session(), product)),
        pictures=pictures,
        samples=samples,
        orders=count_orders(product.id),
        waiting=count_waiting_for(product.id),
        shown_orders=_shown_orders(pictures, samples, editions),
    )


def _shown_orders(
    pictures: Iterable[PictureView], samples: Iterable[SampleView], editions: Iterable[EditionPart]
) -> dict[str, str]:
    return {
        "pictures": digest_of_order([picture.id for picture in pictures]),
        "samples": digest_of_order([sample.id for sample in samples]),
        "editions": digest_of_order([edition.key for edition in editions]),
    }


def _read_editions(product: Product) -> tuple[EditionPart, ...]:
    editions = db.session.scalars(select_editions(product.id)).all()
    prices = _read_prices(product.id)
    parts = read_part_names(db.session(), [edition.id for edition in editions])
    troubles = find_part_troubles(db.session(), product.id) if parts else []
    return tuple(
        EditionPart(
            key=edition.key,
            is_active=edition.is_active,
            values=(values := read_edition(edition)),
            includes=(includes := parts.get(edition.id, [])),
            shown={name: digest_of(value) for name, value in (values | {INCLUDES: includes}).items()},
            prices=prices.get(edition.id, {}),
            part_troubles=tuple(each.sentence for each in troubles if each.edition_key == edition.key),
        )
        for edition in editions
    )


def _read_prices(product_id: int) -> dict[int, dict[str, Amount]]:
    prices = db.session.scalars(
        select(Price)
        .join(Edition, Edition.id == Price.edition_id)
        .where(Edition.product_id == product_id, Price.is_active)
        .order_by(by_currency())
    )
    by_edition: dict[int, dict[str, Amount]] = {}
    for price in prices:
        by_edition.setdefault(price.edition_id, {})[price.currency] = amount_of_price(price)
    return by_edition
