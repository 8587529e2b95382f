"""Data keys: what is sealed at rest needs one. A new shop makes it, another one with `storefront keys seal`."""

import sqlalchemy as sa
from alembic import op

import storefront.core.db

revision = "0060"
down_revision = "0059"
branch_labels = None
depends_on = None

UtcDateTime = storefront.core.db.UtcDateTime


def upgrade() -> None:
    op.create_table(
        "data_keys",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_data_keys")),
    )


def downgrade() -> None:
    for table in ("licenses", "pool_keys"):
        sealed = sa.text(f"SELECT 1 FROM {table} WHERE key LIKE 'sealed:%' LIMIT 1")  # noqa: S608 - two names
        if op.get_bind().scalar(sealed):
            raise RuntimeError("License keys are sealed, and nothing opens them without this table.")
    op.drop_table("data_keys")
