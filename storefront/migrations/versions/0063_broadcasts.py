"""Let owners write to buyers who agreed: broadcasts, their texts, and whose emails the outbox holds."""

import sqlalchemy as sa
from alembic import op

import storefront.core.db

revision = "0063"
down_revision = "0062"
branch_labels = None
depends_on = None

UtcDateTime = storefront.core.db.UtcDateTime
OF_BROADCASTS = sa.text("broadcast_id IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "broadcasts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column(
            "state",
            sa.Enum("draft", "sending", "sent", "canceled", name="broadcaststate", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("product_ids", sa.JSON(), nullable=False),
        sa.Column("edition_ids", sa.JSON(), nullable=False),
        sa.Column("per_minute", sa.Integer(), nullable=False),
        sa.Column("last_customer_id", sa.Integer(), nullable=False),
        sa.Column("promised", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("started_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("finished_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("canceled_at", UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_broadcasts")),
    )
    op.create_index(op.f("ix_broadcasts_mode_state"), "broadcasts", ["mode", "state"])
    op.create_table(
        "broadcast_texts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("broadcast_id", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["broadcast_id"], ["broadcasts.id"], name=op.f("fk_broadcast_texts_broadcast_id_broadcasts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_broadcast_texts")),
        sa.UniqueConstraint("broadcast_id", "language", name=op.f("uq_broadcast_texts_broadcast_id_language")),
    )
    op.add_column("outbox", sa.Column("broadcast_id", sa.Integer(), nullable=True))
    op.create_index(
        "ix_outbox_broadcast_id_state",
        "outbox",
        ["broadcast_id", "state"],
        sqlite_where=OF_BROADCASTS,
        postgresql_where=OF_BROADCASTS,
    )


def downgrade() -> None:
    op.drop_index("ix_outbox_broadcast_id_state", table_name="outbox")
    op.drop_column("outbox", "broadcast_id")
    op.drop_table("broadcast_texts")
    op.drop_table("broadcasts")
