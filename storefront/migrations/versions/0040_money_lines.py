"""What Stripe booked for each sale, refund and dispute, with its fee, and the payouts that have it."""

import sqlalchemy as sa
from alembic import op

import storefront.core.db

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

UtcDateTime = storefront.core.db.UtcDateTime


def upgrade() -> None:
    op.create_table(
        "payouts",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("amount_minor", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("is_automatic", sa.Boolean(), nullable=False),
        sa.Column("is_read", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("arrives_at", UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payouts")),
    )
    op.create_index(op.f("ix_payouts_mode"), "payouts", ["mode"])
    op.create_table(
        "money_lines",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("source_id", sa.String(), nullable=True),
        sa.Column("source_currency", sa.String(), nullable=False),
        sa.Column("payment_intent_id", sa.String(), nullable=True),
        sa.Column("amount_minor", sa.Integer(), nullable=False),
        sa.Column("fee_minor", sa.Integer(), nullable=False),
        sa.Column("net_minor", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("exchange_rate", sa.String(), nullable=True),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("available_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("payout_id", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["payout_id"], ["payouts.id"], name=op.f("fk_money_lines_payout_id_payouts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_money_lines")),
    )
    op.create_index("ix_money_lines_mode_created_at_id", "money_lines", ["mode", "created_at", "id"])
    for column in ("source_id", "payment_intent_id", "payout_id"):
        op.create_index(op.f(f"ix_money_lines_{column}"), "money_lines", [column])
    op.create_table(
        "money_reads",
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("cursor", sa.String(), nullable=True),
        sa.Column("is_whole", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("mode", name=op.f("pk_money_reads")),
    )


def downgrade() -> None:
    op.drop_table("money_reads")
    op.drop_table("money_lines")
    op.drop_table("payouts")
