"""Bundles: which editions an edition includes, and what an order of one handed out, as it was when it was sold."""

import sqlalchemy as sa
from alembic import op

import storefront.core.db

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

UtcDateTime = storefront.core.db.UtcDateTime
SWITCHES = ("grants_license", "grants_download", "one_key_per_order_item")
LIMITS = (
    "activation_limit",
    "seats",
    "license_days",
    "license_until",
    "update_days",
    "download_limit",
    "download_days",
)


def upgrade() -> None:
    op.create_table(
        "bundle_parts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("product_id", sa.Integer(), nullable=False),
        sa.Column("part_edition_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["edition_id"], ["editions.id"], name=op.f("fk_bundle_parts_edition_id_editions")),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name=op.f("fk_bundle_parts_product_id_products")),
        sa.ForeignKeyConstraint(
            ["part_edition_id"], ["editions.id"], name=op.f("fk_bundle_parts_part_edition_id_editions")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bundle_parts")),
        sa.UniqueConstraint("edition_id", "product_id", name=op.f("uq_bundle_parts_edition_id_product_id")),
    )
    op.create_index(op.f("ix_bundle_parts_product_id"), "bundle_parts", ["product_id"])
    op.create_index(op.f("ix_bundle_parts_part_edition_id"), "bundle_parts", ["part_edition_id"])
    op.create_table(
        "order_item_parts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("order_item_id", sa.Integer(), nullable=False),
        sa.Column("product_id", sa.Integer(), nullable=False),
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("grants_license", sa.Boolean(), nullable=False),
        sa.Column("grants_download", sa.Boolean(), nullable=False),
        sa.Column("one_key_per_order_item", sa.Boolean(), nullable=False),
        sa.Column("activation_limit", sa.Integer(), nullable=True),
        sa.Column("seats", sa.Integer(), nullable=True),
        sa.Column("license_days", sa.Integer(), nullable=True),
        sa.Column("license_until", UtcDateTime(timezone=True), nullable=True),
        sa.Column("update_days", sa.Integer(), nullable=True),
        sa.Column("download_limit", sa.Integer(), nullable=True),
        sa.Column("download_days", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["order_item_id"], ["order_items.id"], name=op.f("fk_order_item_parts_order_item_id_order_items")
        ),
        sa.ForeignKeyConstraint(
            ["product_id"], ["products.id"], name=op.f("fk_order_item_parts_product_id_products")
        ),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["editions.id"], name=op.f("fk_order_item_parts_edition_id_editions")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_item_parts")),
        sa.UniqueConstraint(
            "order_item_id", "product_id", name=op.f("uq_order_item_parts_order_item_id_product_id")
        ),
    )
    op.create_index(op.f("ix_order_item_parts_product_id"), "order_item_parts", ["product_id"])
    op.create_index(op.f("ix_order_item_parts_edition_id"), "order_item_parts", ["edition_id"])
    _find_parts_again()


def _find_parts_again() -> None:
    """Name the parts of what was sold before these tables were taken away, with the terms of today."""
    terms = (*SWITCHES, *LIMITS)
    items = sa.table("order_items", sa.column("id"), sa.column("product_id"))
    grants = sa.table("grants", sa.column("order_item_id"), sa.column("product_id"))
    editions = sa.table("editions", sa.column("id"), sa.column("product_id"))
    products = sa.table("products", sa.column("id"), sa.column("name"), *map(sa.column, terms))
    names = ("order_item_id", "product_id", "edition_id", "position", "description", *terms)
    parts = sa.table("order_item_parts", *map(sa.column, names))
    edition = sa.select(sa.func.min(editions.c.id)).where(editions.c.product_id == products.c.id)
    found = (
        sa.select(
            grants.c.order_item_id,
            products.c.id,
            edition.scalar_subquery(),
            products.c.id,
            products.c.name,
            *(products.c[name] for name in terms),
        )
        .join_from(grants, items, items.c.id == grants.c.order_item_id)
        .join(products, products.c.id == grants.c.product_id)
        .where(
            grants.c.product_id != items.c.product_id, sa.exists().where(editions.c.product_id == products.c.id)
        )
        .distinct()
    )
    op.execute(sa.insert(parts).from_select(names, found))


def downgrade() -> None:
    op.drop_table("order_item_parts")
    op.drop_table("bundle_parts")
