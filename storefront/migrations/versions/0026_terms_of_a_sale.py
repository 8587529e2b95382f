"""A sale keeps its terms: past ones get those of today's settings, by which they were read until now."""

import sqlalchemy as sa
from alembic import op

import storefront.core.db

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

SWITCHES = ("grants_license", "grants_download", "one_key_per_order_item")
OF_EDITION = ("activation_limit", "seats", "update_days")
OF_PRODUCT = ("license_days", "license_until", "download_limit", "download_days")


def upgrade() -> None:
    with op.batch_alter_table("order_items") as items:
        for name in SWITCHES:
            items.add_column(sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false()))
        for name in (*OF_EDITION, *OF_PRODUCT):
            kind = storefront.core.db.UtcDateTime(timezone=True) if name == "license_until" else sa.Integer()
            items.add_column(sa.Column(name, kind, nullable=True))
    _fill_past_sales()
    with op.batch_alter_table("order_items") as items:
        for name in SWITCHES:
            items.alter_column(name, existing_type=sa.Boolean(), server_default=None)


def _fill_past_sales() -> None:
    items = sa.table(
        "order_items", *map(sa.column, ("product_id", "price_id", *SWITCHES, *OF_EDITION, *OF_PRODUCT))
    )
    products = sa.table("products", *map(sa.column, ("id", *SWITCHES, *OF_EDITION, *OF_PRODUCT)))
    editions = sa.table("editions", *map(sa.column, ("id", *OF_EDITION)))
    prices = sa.table("prices", sa.column("id"), sa.column("edition_id"))

    def of_product(name: str) -> "sa.ScalarSelect[object]":
        return sa.select(products.c[name]).where(products.c.id == items.c.product_id).scalar_subquery()

    def of_edition(name: str) -> "sa.ScalarSelect[object]":
        sold = sa.select(editions.c[name]).join_from(editions, prices, prices.c.edition_id == editions.c.id)
        return sold.where(prices.c.id == items.c.price_id).scalar_subquery()

    own = {name: sa.func.coalesce(of_edition(name), of_product(name)) for name in OF_EDITION}
    others = {name: of_product(name) for name in (*SWITCHES, *OF_PRODUCT)}
    op.execute(sa.update(items).where(items.c.product_id.is_not(None)).values(own | others))


def downgrade() -> None:
    with op.batch_alter_table("order_items") as items:
        for name in (*SWITCHES, *OF_EDITION, *OF_PRODUCT):
            items.drop_column(name)
