"""Upgrades from one edition to another, which no shop offers yet."""

import sqlalchemy as sa
from alembic import op

import storefront.core.db

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None

UtcDateTime = storefront.core.db.UtcDateTime
IS_UPGRADE = sa.text("upgrades_from_id IS NOT NULL")
IS_APPLIED = sa.text("state = 'applied'")


def upgrade() -> None:
    op.add_column("editions", sa.Column("upgrades_from", sa.String(), server_default="", nullable=False))
    with op.batch_alter_table("editions") as editions:
        editions.alter_column("upgrades_from", server_default=None)
    with op.batch_alter_table("prices") as prices:
        prices.add_column(sa.Column("upgrades_from_id", sa.Integer(), nullable=True))
        prices.create_foreign_key(
            op.f("fk_prices_upgrades_from_id_editions"), "editions", ["upgrades_from_id"], ["id"]
        )
    op.create_index(
        "uq_prices_upgrades",
        "prices",
        ["edition_id", "upgrades_from_id", "currency", "amount_minor"],
        unique=True,
        sqlite_where=IS_UPGRADE,
        postgresql_where=IS_UPGRADE,
    )
    with op.batch_alter_table("checkouts") as checkouts:
        checkouts.add_column(sa.Column("upgrades_grant_id", sa.Integer(), nullable=True))
        checkouts.create_foreign_key(
            op.f("fk_checkouts_upgrades_grant_id_grants"), "grants", ["upgrades_grant_id"], ["id"]
        )
    op.create_index(op.f("ix_checkouts_upgrades_grant_id"), "checkouts", ["upgrades_grant_id"])
    op.create_table(
        "upgrades",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("order_item_id", sa.Integer(), nullable=False),
        sa.Column("grant_id", sa.Integer(), nullable=True),
        sa.Column("upgraded_item_id", sa.Integer(), nullable=True),
        sa.Column("from_edition_id", sa.Integer(), nullable=False),
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_item_id"], ["order_items.id"], name=op.f("fk_upgrades_order_item_id_order_items")
        ),
        sa.ForeignKeyConstraint(["grant_id"], ["grants.id"], name=op.f("fk_upgrades_grant_id_grants")),
        sa.ForeignKeyConstraint(
            ["upgraded_item_id"], ["order_items.id"], name=op.f("fk_upgrades_upgraded_item_id_order_items")
        ),
        sa.ForeignKeyConstraint(
            ["from_edition_id"], ["editions.id"], name=op.f("fk_upgrades_from_edition_id_editions")
        ),
        sa.ForeignKeyConstraint(["edition_id"], ["editions.id"], name=op.f("fk_upgrades_edition_id_editions")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upgrades")),
        sa.UniqueConstraint("order_item_id", name=op.f("uq_upgrades_order_item_id")),
    )
    op.create_index(op.f("ix_upgrades_grant_id"), "upgrades", ["grant_id"])
    op.create_index(op.f("ix_upgrades_upgraded_item_id"), "upgrades", ["upgraded_item_id"])
    op.create_index(
        "uq_upgrades_applied",
        "upgrades",
        ["grant_id", "edition_id"],
        unique=True,
        sqlite_where=IS_APPLIED,
        postgresql_where=IS_APPLIED,
    )


def downgrade() -> None:
    op.drop_table("upgrades")
    op.drop_index(op.f("ix_checkouts_upgrades_grant_id"), table_name="checkouts")
    with op.batch_alter_table("checkouts") as checkouts:
        checkouts.drop_constraint(op.f("fk_checkouts_upgrades_grant_id_grants"), type_="foreignkey")
        checkouts.drop_column("upgrades_grant_id")
    op.drop_index("uq_prices_upgrades", table_name="prices")
    with op.batch_alter_table("prices") as prices:
        prices.drop_constraint(op.f("fk_prices_upgrades_from_id_editions"), type_="foreignkey")
        prices.drop_column("upgrades_from_id")
    op.drop_column("editions", "upgrades_from")
