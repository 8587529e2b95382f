"""Let buyers name their licenses, so that several of one product can be told apart."""

import sqlalchemy as sa
from alembic import op

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("licenses", sa.Column("label", sa.String(), nullable=True))


def downgrade() -> None:
    op.drop_column("licenses", "label")
