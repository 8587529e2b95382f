"""What orders were refused, and with which program something was downloaded."""

import sqlalchemy as sa
from alembic import op

import storefront.core.db

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

UtcDateTime = storefront.core.db.UtcDateTime


def upgrade() -> None:
    op.create_table(
        "refusals",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=True),
        sa.Column("client", sa.String(), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("first_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_refusals_order_id_orders")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refusals")),
    )
    op.create_index(op.f("ix_refusals_order_id_at"), "refusals", ["order_id", "at"])
    op.create_index(op.f("ix_refusals_at"), "refusals", ["at"])
    op.add_column("downloads", sa.Column("client", sa.String(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("downloads") as batch:
        batch.drop_column("client")
    op.drop_table("refusals")
