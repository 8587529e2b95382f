"""Let pages be kept as long as nothing they show has changed: one mark, and triggers that change it."""

from uuid import uuid4

import sqlalchemy as sa
from alembic import op

from storefront.migrations.page_marks import drop_function, leave_changes, make_function, mark_changes

revision = "0064"
down_revision = "0063"
branch_labels = None
depends_on = None

SHOWN = (
    "products",
    "product_aliases",
    "editions",
    "bundle_parts",
    "prices",
    "releases",
    "release_files",
    "pictures",
    "product_pictures",
    "product_samples",
    "pages",
    "shop_profile",
    "discounts",
)


def upgrade() -> None:
    op.create_table(
        "page_state",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("mark", sa.String(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_page_state_only_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_page_state")),
    )
    first = sa.text("INSERT INTO page_state (id, mark) VALUES (1, :mark)").bindparams(mark=uuid4().hex)
    op.execute(first)
    make_function()
    for table in SHOWN:
        mark_changes(table)


def downgrade() -> None:
    for table in SHOWN:
        leave_changes(table)
    drop_function()
    op.drop_table("page_state")
