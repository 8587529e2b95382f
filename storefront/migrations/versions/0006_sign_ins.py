"""Signed-in browsers have rows that end; the version that signed all of a customer's out at once goes."""

import sqlalchemy as sa
from alembic import op

import storefront.core.db

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sign_ins",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=True),
        sa.Column("browser", sa.String(), nullable=False),
        sa.Column("created_at", storefront.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", storefront.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_sign_ins_customer_id")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_sign_ins_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_ins")),
        sa.UniqueConstraint("token_hash", "order_id", name=op.f("uq_sign_ins_token_hash_order_id")),
    )
    for column in ("customer_id", "order_id", "last_seen_at"):
        op.create_index(op.f(f"ix_sign_ins_{column}"), "sign_ins", [column])
    whole = sa.text("order_id IS NULL")
    op.create_index(
        "uq_sign_ins_token_hash",
        "sign_ins",
        ["token_hash"],
        unique=True,
        sqlite_where=whole,
        postgresql_where=whole,
    )
    op.drop_column("customers", "session_version")


def downgrade() -> None:
    op.add_column("customers", sa.Column("session_version", sa.Integer(), nullable=False, server_default="1"))
    op.drop_table("sign_ins")
