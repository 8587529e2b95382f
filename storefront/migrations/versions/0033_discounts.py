"""Discounts that the owner makes, none in any shop; and the code that an order was bought with."""

import sqlalchemy as sa
from alembic import op

import storefront.core.db

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

UtcDateTime = storefront.core.db.UtcDateTime


def upgrade() -> None:
    op.create_table(
        "discounts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("percent_hundredths", sa.Integer(), nullable=True),
        sa.Column("amounts", sa.JSON(), nullable=False),
        sa.Column("product_ids", sa.JSON(), nullable=False),
        sa.Column("minimums", sa.JSON(), nullable=False),
        sa.Column("is_first_purchase", sa.Boolean(), nullable=False),
        sa.Column("most_uses", sa.Integer(), nullable=True),
        sa.Column("starts_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("ends_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("stopped_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("percent_hundredths BETWEEN 1 AND 10000", name=op.f("ck_discounts_percent_possible")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_discounts")),
    )
    op.create_index("ix_discounts_all_codes", "discounts", ["code"])
    running = sa.text("stopped_at IS NULL")
    op.create_index(
        "uq_discounts_code", "discounts", ["code"], unique=True, sqlite_where=running, postgresql_where=running
    )
    op.create_table(
        "discount_mirrors",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("discount_id", sa.Integer(), nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("products", sa.JSON(), nullable=False),
        sa.Column("coupon_id", sa.String(), nullable=False),
        sa.Column("promotion_code_id", sa.String(), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("trouble", sa.String(), nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["discount_id"], ["discounts.id"], name=op.f("fk_discount_mirrors_discount_id_discounts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_discount_mirrors")),
        sa.UniqueConstraint("coupon_id", name=op.f("uq_discount_mirrors_coupon_id")),
        sa.UniqueConstraint("promotion_code_id", name=op.f("uq_discount_mirrors_promotion_code_id")),
        sa.UniqueConstraint(
            "discount_id",
            "mode",
            "account",
            "fingerprint",
            name=op.f("uq_discount_mirrors_discount_id_mode_account_fingerprint"),
        ),
    )
    op.create_index(op.f("ix_discount_mirrors_discount_id"), "discount_mirrors", ["discount_id"])
    op.add_column("orders", sa.Column("discount_code", sa.String(), nullable=True))
    with op.batch_alter_table("checkouts") as checkouts:
        checkouts.add_column(sa.Column("discount_id", sa.Integer(), nullable=True))
        checkouts.create_foreign_key(
            op.f("fk_checkouts_discount_id_discounts"), "discounts", ["discount_id"], ["id"]
        )


def downgrade() -> None:
    with op.batch_alter_table("checkouts") as checkouts:
        checkouts.drop_constraint(op.f("fk_checkouts_discount_id_discounts"), type_="foreignkey")
        checkouts.drop_column("discount_id")
    op.drop_column("orders", "discount_code")
    op.drop_index(op.f("ix_discount_mirrors_discount_id"), table_name="discount_mirrors")
    op.drop_table("discount_mirrors")
    op.drop_index("uq_discounts_code", table_name="discounts")
    op.drop_index("ix_discounts_all_codes", table_name="discounts")
    op.drop_table("discounts")
