"""What is sold and its files. Stripe's ids live in the mirrors, never on a Price."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Integer, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from storefront.core import clock
from storefront.core.config.checkout_ui import CheckoutUi
from storefront.core.db import Base, Minor
from storefront.core.partial_indexes import partial_index
from storefront.shop.translations.column import Translated


class KeySource(StrEnum):
    """Where a product's license keys come from."""

    GENERATED = "generated"
    POOL = "pool"  # imported by the owner, each sold once


class ProductState(StrEnum):
    """Who sees a product and may buy it. Whoever bought it keeps it in every state."""

    DRAFT = "draft"  # nobody: it is being made
    PUBLISHED = "published"
    UNLISTED = "unlisted"  # whoever has the link
    ANNOUNCED = "announced"  # everybody sees it, nobody buys it yet
    RETIRED = "retired"  # nobody buys it any more


FOR_SALE = (ProductState.PUBLISHED, ProductState.UNLISTED)
LISTED = (ProductState.PUBLISHED, ProductState.ANNOUNCED)
WITH_PAGE = (*FOR_SALE, ProductState.ANNOUNCED)


class Product(Base):
    """What is sold. A limit or period of None is none.

    `first_slug` is the slug that the product was made with: programs read it in license answers and files, so a
    product that is renamed keeps it. `questions` are [question, answer] pairs; answers are Markdown.
    `quotes` are [text, who said it, address or ""].
    """

    __tablename__ = "products"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    first_slug: Mapped[str] = mapped_column(unique=True)
    state: Mapped[ProductState] = mapped_column(default=ProductState.DRAFT)
    name: Mapped[str]
    summary: Mapped[str]
    description_markdown: Mapped[str]
    requirements: Mapped[str] = mapped_column(default="")  # Markdown
    first_steps: Mapped[str] = mapped_column(default="")  # Markdown for buyers: how to install it, or begin
    questions: Mapped[list[Any]] = mapped_column(default=list)
    quotes: Mapped[list[Any]] = mapped_column(default=list)
    tags: Mapped[list[Any]] = mapped_column(default=list)
    search_title: Mapped[str] = mapped_column(default="")
    search_text: Mapped[str] = mapped_column(default="")
    cover: Mapped[str | None]  # a drawing that shops of before had; nothing reads it
    position: Mapped[int] = mapped_column(default=0)
    grants_license: Mapped[bool] = mapped_column(default=False)
    grants_download: Mapped[bool] = mapped_column(default=False)
    license_prefix: Mapped[str] = mapped_column(default="")
    one_key_per_order_item: Mapped[bool] = mapped_column(default=False)  # else quantity N means N keys
    key_source: Mapped[KeySource] = mapped_column(default=KeySource.GENERATED)
    pool_low_at: Mapped[int] = mapped_column(default=20)  # unsold keys at which the owner is warned first
    pool_very_low_at: Mapped[int] = mapped_column(default=5)  # and again
    activation_limit: Mapped[int | None]  # devices a key; an edition may say otherwise
    seats: Mapped[int | None]  # people a key is for; an edition may say otherwise
    license_days: Mapped[int | None]  # from purchase
    license_until: Mapped[datetime | None]  # the same day for everybody; the earlier of both counts
    # Releases published later than so many days after purchase are not included; an edition may say otherwise.
    update_days: Mapped[int | None]
    download_limit: Mapped[int | None]  # per file of an order
    download_days: Mapped[int | None]  # from purchase
    most_in_form: Mapped[int | None]  # up to so many buyers may take inside Checkout; None: as many as in the cart
    offered_beside: Mapped[list[Any]] = mapped_column(default=list)  # slugs of what is offered inside Checkout
    checkout_ui: Mapped[CheckoutUi | None]  # where it is paid; None: as the shop
    tax_code: Mapped[str] = mapped_column(default="")  # Stripe's; empty: what the account presets
    tax_behavior: Mapped[str] = mapped_column(default="")  # inclusive or exclusive; empty: nobody has decided
    translations: Mapped[dict[str, Any] | None] = mapped_column(Translated)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    first_listed_at: Mapped[datetime | None]  # None: never, or older code listed it, which writes no such date

    @property
    def new_at(self) -> datetime:
        """Return since when it has been new to visitors; `new_at()` says the same to a database."""
        return self.first_listed_at or self.created_at


class ProductAlias(Base):
    """A slug that a product had before: its pages move on from there, and commands find it by it."""

    __tablename__ = "product_aliases"

    slug: Mapped[str] = mapped_column(primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


class Edition(Base):
    """What can be bought of a product: "Personal", "Team". None for a limit: as the product says.

    `key` names it in files and commands and never changes once it was sold.
    """

    __tablename__ = "editions"
    __table_args__ = (UniqueConstraint("product_id", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"), index=True)
    product: Mapped[Product] = relationship(lazy="raise_on_sql")
    key: Mapped[str]
    name: Mapped[str]
    line: Mapped[str] = mapped_column(default="")  # who it is for
    position: Mapped[int] = mapped_column(default=0)
    is_active: Mapped[bool] = mapped_column(default=True)
    activation_limit: Mapped[int | None]
    seats: Mapped[int | None]
    update_days: Mapped[int | None]
    upgrades_from: Mapped[str] = mapped_column(default="")  # as `upgrade_paths.py` reads it
    translations: Mapped[dict[str, Any] | None] = mapped_column(Translated)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


class BundlePart(Base):
    """An edition that an edition of a bundle includes: of each product one, and never one of another bundle."""

    __tablename__ = "bundle_parts"
    __table_args__ = (UniqueConstraint("edition_id", "product_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id"))  # of the bundle
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"), index=True)
    part_edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id"), index=True)
    position: Mapped[int]


class Price(Base):
    """What an edition costs in one currency. `amount_minor` is in the currency's minor unit at Stripe.

    Amount and currency never change, as at Stripe: a new amount is a new Price and the old one is inactive.
    With a `least_minor` the buyer chooses: then `amount_minor` is what is suggested, never 0.
    With `upgrades_from_id` it is what owners of that edition pay to have this one. Such a price is never active,
    because nobody else may buy at it: `upgrades.py` finds it.
    """

    __tablename__ = "prices"
    __table_args__ = (
        CheckConstraint("amount_minor >= 0", name="amount_not_negative"),
        partial_index(
            "uq_prices_active",
            "edition_id",
            "currency",
            unique=True,
            where="is_active",
        ),
        partial_index(
            "uq_prices_upgrades",
            "edition_id",
            "upgrades_from_id",
            "currency",
            "amount_minor",
            unique=True,
            where="upgrades_from_id IS NOT NULL",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id"), index=True)
    edition: Mapped[Edition] = relationship(lazy="raise_on_sql", foreign_keys=[edition_id])
    upgrades_from_id: Mapped[int | None] = mapped_column(ForeignKey("editions.id"))
    amount_minor: Mapped[Minor]
    least_minor: Mapped[Minor | None]
    most_minor: Mapped[Minor | None]
    currency: Mapped[str]
    is_active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


class Release(Base):
    """A version of a product's files. Buyers see the releases that exist when they look."""

    __tablename__ = "releases"
    __table_args__ = (UniqueConstraint("product_id", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"), index=True)
    product: Mapped[Product] = relationship(lazy="raise_on_sql")
    version: Mapped[str]
    notes: Mapped[str] = mapped_column(default="")
    published_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]  # gone from every page, its files are refused; may be published again


class ReleaseFile(Base):
    """One file of a release: `path` is relative to the storage, `sha256` is of the whole file, in hex."""

    __tablename__ = "release_files"
    __table_args__ = (UniqueConstraint("release_id", "filename"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    release_id: Mapped[int] = mapped_column(ForeignKey("releases.id"), index=True)
    release: Mapped[Release] = relationship(lazy="raise_on_sql")
    filename: Mapped[str]
    content_type: Mapped[str]
    size_bytes: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"))
    sha256: Mapped[str]
    path: Mapped[str] = mapped_column(unique=True)


class StripeMirror(Base):
    """A price of ours at Stripe, per mode and account: going from sandbox to test to live touches no Price.

    Stripe fixes the tax behavior of a price, so a product that is taxed otherwise by now has another mirror; the
    old one still says what an open checkout sells.
    """

    __tablename__ = "stripe_mirrors"
    __table_args__ = (UniqueConstraint("price_id", "mode", "account", "tax_code", "tax_behavior"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    price_id: Mapped[int] = mapped_column(ForeignKey("prices.id"), index=True)
    mode: Mapped[str]
    account: Mapped[str]
    tax_code: Mapped[str] = mapped_column(default="")
    tax_behavior: Mapped[str] = mapped_column(default="")
    stripe_product_id: Mapped[str] = mapped_column(index=True)
    stripe_price_id: Mapped[str] = mapped_column(index=True)
    # What Stripe's product was told last: None is that nobody knows, an empty text that it has none.
    name: Mapped[str | None]
    description: Mapped[str | None]
    image: Mapped[str | None]  # its whole address
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


class LostMirror(Base):
    """What a mirror was that Stripe does not sell any more: never offered again, but what is sold of it is known.

    Its product at Stripe may have other prices, of a Payment Link that the owner made there. Nothing deletes these
    rows: they are as few as the times that an owner archives a price of the shop.
    """

    __tablename__ = "lost_mirrors"

    id: Mapped[int] = mapped_column(primary_key=True)
    price_id: Mapped[int] = mapped_column(ForeignKey("prices.id"), index=True)
    mode: Mapped[str]
    stripe_product_id: Mapped[str] = mapped_column(index=True)
    stripe_price_id: Mapped[str] = mapped_column(unique=True)
    lost_at: Mapped[datetime] = mapped_column(default=clock.now)


class ShopIdentity(Base):
    """One row: the random id that marks Checkout Sessions, products and prices at Stripe as this shop's."""

    __tablename__ = "shop_identity"

    id: Mapped[int] = mapped_column(primary_key=True)
    shop_id: Mapped[str]
