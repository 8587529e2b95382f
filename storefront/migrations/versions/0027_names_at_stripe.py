"""Mirrors know which name Stripe was told; of older ones nobody knows, so theirs are told once more."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("stripe_mirrors") as mirrors:
        mirrors.add_column(sa.Column("name", sa.String(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("stripe_mirrors") as mirrors:
        mirrors.drop_column("name")
