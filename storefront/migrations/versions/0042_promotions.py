"""Promotions: discounts that apply by themselves. One at a time, none in any shop."""

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

RUNNING = sa.text("is_automatic AND stopped_at IS NULL")


def upgrade() -> None:
    with op.batch_alter_table("discounts") as batch:
        batch.add_column(sa.Column("is_automatic", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("discounts") as batch:
        batch.alter_column("is_automatic", existing_type=sa.Boolean(), server_default=None)
    op.create_index(
        "uq_discounts_is_automatic",
        "discounts",
        ["is_automatic"],
        unique=True,
        sqlite_where=RUNNING,
        postgresql_where=RUNNING,
    )


def downgrade() -> None:
    op.drop_index("uq_discounts_is_automatic", table_name="discounts")
    # What applied by itself must not become a code that somebody may type.
    op.execute(sa.text("UPDATE discounts SET stopped_at = starts_at WHERE is_automatic AND stopped_at IS NULL"))
    with op.batch_alter_table("discounts") as batch:
        batch.drop_column("is_automatic")
