"""Reminders of checkouts that were left, off in every shop; and of which expired Session an order is the copy."""

import sqlalchemy as sa
from alembic import op

import storefront.core.db

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

UtcDateTime = storefront.core.db.UtcDateTime


def upgrade() -> None:
    op.create_table(
        "abandoned_checkouts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("checkout_session_id", sa.String(), nullable=False),
        sa.Column("checkout_token", sa.String(), nullable=True),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("email_key", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("url_expires_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("total_minor", sa.Integer(), nullable=False),
        sa.Column("lines", sa.JSON(), nullable=False),
        sa.Column("began_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("forgotten_at", UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_abandoned_checkouts")),
        sa.UniqueConstraint("checkout_session_id", name=op.f("uq_abandoned_checkouts_checkout_session_id")),
    )
    for column in ("email_key", "created_at"):
        op.create_index(op.f(f"ix_abandoned_checkouts_{column}"), "abandoned_checkouts", [column])
    op.create_table(
        "reminder_readers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("address_hash", sa.String(), nullable=False),
        sa.Column("token_seed", sa.LargeBinary(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("reminded_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("reminded_of", sa.String(), nullable=True),
        sa.Column("stopped_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reminder_readers")),
        sa.UniqueConstraint("mode", "address_hash", name=op.f("uq_reminder_readers_mode_address_hash")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_reminder_readers_token_hash")),
    )
    with op.batch_alter_table("shop_profile") as profile:
        profile.add_column(sa.Column("sends_reminders", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("shop_profile") as profile:
        profile.alter_column("sends_reminders", server_default=None)
    with op.batch_alter_table("orders") as orders:
        orders.add_column(sa.Column("recovered_from", sa.String(), nullable=True))
        orders.create_index(op.f("ix_orders_recovered_from"), ["recovered_from"])


def downgrade() -> None:
    op.execute("DELETE FROM outbox WHERE kind = 'checkout_reminder'")  # who knows no such mail stumbles over it
    with op.batch_alter_table("orders") as orders:
        orders.drop_index(op.f("ix_orders_recovered_from"))
        orders.drop_column("recovered_from")
    with op.batch_alter_table("shop_profile") as profile:
        profile.drop_column("sends_reminders")
    op.drop_table("reminder_readers")
    op.drop_table("abandoned_checkouts")
