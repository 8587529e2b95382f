"""What Stripe was told of a product beside its name: nothing yet, until the next checkout or the worker."""

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("stripe_mirrors", sa.Column("description", sa.String(), nullable=True))
    op.add_column("stripe_mirrors", sa.Column("image", sa.String(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("stripe_mirrors") as batch:
        batch.drop_column("image")
        batch.drop_column("description")
