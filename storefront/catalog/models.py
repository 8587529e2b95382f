"""What is sold and its files. Stripe's ids live in the mirrors, never on a Price."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from storefront import clock
from storefront.db import Base


class Product(Base):
    __tablename__ = "products"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    summary: Mapped[str]
    description_markdown: Mapped[str]
    cover: Mapped[str | None]  # a file name below static/covers/
    is_published: Mapped[bool] = mapped_column(default=False)
    position: Mapped[int] = mapped_column(default=0)
    grants_license: Mapped[bool] = mapped_column(default=False)
    grants_download: Mapped[bool] = mapped_column(default=False)
    license_prefix: Mapped[str] = mapped_column(default="")
    one_key_per_order_item: Mapped[bool] = mapped_column(default=False)  # else quantity N means N keys
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


class Price(Base):
    """An edition: "Personal", "Team". `amount_minor` is in the currency's minor unit at Stripe.

    Amount and currency never change, as at Stripe: a new amount is a new Price and the old one is inactive.
    """

    __tablename__ = "prices"
    __table_args__ = (CheckConstraint("amount_minor >= 0", name="amount_not_negative"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"), index=True)
    product: Mapped[Product] = relationship(lazy="raise_on_sql")
    edition: Mapped[str]
    amount_minor: Mapped[int]
    currency: Mapped[str]
    position: Mapped[int] = mapped_column(default=0)
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


class ReleaseFile(Base):
    """One file of a release: `path` is relative to the storage, `sha256` is of the whole file, in hex."""

    __tablename__ = "release_files"
    __table_args__ = (UniqueConstraint("release_id", "filename"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    release_id: Mapped[int] = mapped_column(ForeignKey("releases.id"), index=True)
    release: Mapped[Release] = relationship(lazy="raise_on_sql")
    filename: Mapped[str]
    content_type: Mapped[str]
    size_bytes: Mapped[int]
    sha256: Mapped[str]
    path: Mapped[str] = mapped_column(unique=True)


class StripeMirror(Base):
    """A price of ours at Stripe, per mode and account: going from sandbox to test to live touches no Price."""

    __tablename__ = "stripe_mirrors"
    __table_args__ = (UniqueConstraint("price_id", "mode", "account"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    price_id: Mapped[int] = mapped_column(ForeignKey("prices.id"), index=True)
    mode: Mapped[str]
    account: Mapped[str]
    stripe_product_id: Mapped[str] = mapped_column(index=True)
    stripe_price_id: Mapped[str] = mapped_column(index=True)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


class ShopIdentity(Base):
    """One row: the random id that marks Checkout Sessions, products and prices at Stripe as this shop's."""

    __tablename__ = "shop_identity"

    id: Mapped[int] = mapped_column(primary_key=True)
    shop_id: Mapped[str]
