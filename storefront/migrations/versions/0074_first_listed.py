"""Know when a product was first listed in the shop: a draft that is published today is new today."""

import sqlalchemy as sa
from alembic import op

import storefront.core.db

revision = "0074"
down_revision = "0073"
branch_labels = None
depends_on = None

# Feed readers have seen what is listed, or was: for them it stays as old as it was.
# An entry of the audit log names the slug of its day, which is an alias of a product that was renamed since.
NOTE_LISTED = """
WITH listed AS (
    SELECT subject FROM audit_entries
    WHERE subject_kind = 'product' AND verb IN ('product.published', 'product.announced')
)
UPDATE products SET first_listed_at = created_at
WHERE state IN ('published', 'announced', 'retired')
    OR slug IN (SELECT subject FROM listed)
    OR id IN (SELECT product_id FROM product_aliases WHERE slug IN (SELECT subject FROM listed))
"""


def upgrade() -> None:
    # Older code that still runs does not fill it; see `write_state()`.
    op.add_column("products", sa.Column("first_listed_at", storefront.core.db.UtcDateTime(timezone=True)))
    op.execute(NOTE_LISTED)


def downgrade() -> None:
    op.drop_column("products", "first_listed_at")
