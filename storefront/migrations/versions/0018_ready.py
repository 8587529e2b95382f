"""Webhook endpoints that the shop makes itself, and what was asked for the list at /admin/ready."""

import sqlalchemy as sa
from alembic import op

import storefront.core.db

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

UtcDateTime = storefront.core.db.UtcDateTime


def upgrade() -> None:
    op.create_table(
        "webhook_endpoints",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("token", sa.String(), nullable=False),
        sa.Column("endpoint_id", sa.String(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("delivered_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("replaced_at", UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_endpoints")),
        sa.UniqueConstraint("token", name=op.f("uq_webhook_endpoints_token")),
        sa.UniqueConstraint("endpoint_id", name=op.f("uq_webhook_endpoints_endpoint_id")),
    )
    is_current = sa.text("replaced_at IS NULL")
    op.create_index(
        "uq_webhook_endpoints_current",
        "webhook_endpoints",
        ["mode", "account"],
        unique=True,
        sqlite_where=is_current,
        postgresql_where=is_current,
    )
    op.create_table(
        "readiness_answers",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("asked_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("name", "mode", name=op.f("pk_readiness_answers")),
    )


def downgrade() -> None:
    op.drop_table("readiness_answers")
    op.drop_table("webhook_endpoints")
