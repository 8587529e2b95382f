"""Who wants one email when a product is for sale, in every shop whose products are not all for sale."""

import sqlalchemy as sa
from alembic import op

import storefront.core.db

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

UtcDateTime = storefront.core.db.UtcDateTime


def upgrade() -> None:
    op.create_table(
        "availability_requests",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("product_id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("email_key", sa.String(), nullable=False),
        sa.Column("token_seed", sa.LargeBinary(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("mails", sa.Integer(), nullable=False),
        sa.Column("mailed_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("confirmed_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("told_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["product_id"], ["products.id"], name=op.f("fk_availability_requests_product_id_products")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_availability_requests")),
        sa.UniqueConstraint(
            "mode",
            "product_id",
            "email_key",
            name=op.f("uq_availability_requests_mode_product_id_email_key"),
        ),
        sa.UniqueConstraint("token_hash", name=op.f("uq_availability_requests_token_hash")),
    )
    for column in ("product_id", "email_key", "created_at"):
        op.create_index(op.f(f"ix_availability_requests_{column}"), "availability_requests", [column])


def downgrade() -> None:
    op.drop_table("availability_requests")
