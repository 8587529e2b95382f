"""Ask buyers whether they want news and offers, and keep what they said."""

import sqlalchemy as sa
from alembic import op

import storefront.core.db

revision = "0062"
down_revision = "0061"
branch_labels = None
depends_on = None

UtcDateTime = storefront.core.db.UtcDateTime
AGREED = sa.text("wants_offers_since IS NOT NULL")


def upgrade() -> None:
    op.add_column("customers", sa.Column("wants_offers_since", UtcDateTime(timezone=True), nullable=True))
    op.create_index("ix_customers_wants_offers", "customers", ["id"], sqlite_where=AGREED, postgresql_where=AGREED)
    op.create_table(
        "offer_consents",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("agrees", sa.Boolean(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("about", sa.String(), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_offer_consents_customer_id_customers")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offer_consents")),
    )
    op.create_index(op.f("ix_offer_consents_customer_id"), "offer_consents", ["customer_id"])


def downgrade() -> None:
    op.drop_table("offer_consents")
    op.drop_index("ix_customers_wants_offers", table_name="customers")
    op.drop_column("customers", "wants_offers_since")
