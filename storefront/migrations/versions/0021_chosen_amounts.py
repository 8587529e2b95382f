"""Prices of which buyers choose the amount: every older price is a fixed one."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("prices", sa.Column("least_minor", sa.Integer(), nullable=True))
    op.add_column("prices", sa.Column("most_minor", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("prices", "most_minor")
    op.drop_column("prices", "least_minor")
