"""Pages that an owner writes, and what buyers agreed to at Checkout: nothing in older orders."""

import sqlalchemy as sa
from alembic import op

import storefront.core.db

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

UtcDateTime = storefront.core.db.UtcDateTime


def upgrade() -> None:
    op.create_table(
        "pages",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("body_markdown", sa.String(), nullable=False),
        sa.Column("legal_kind", sa.String(length=32), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("is_published", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("updated_at", UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pages")),
        sa.UniqueConstraint("slug", name=op.f("uq_pages_slug")),
        sa.UniqueConstraint("legal_kind", name=op.f("uq_pages_legal_kind")),
    )
    _add("shop_profile", sa.Column("asks_consent", sa.Boolean(), nullable=False, server_default=sa.false()))
    _add("shop_profile", sa.Column("consent_text", sa.String(), nullable=False, server_default=""))
    with op.batch_alter_table("orders") as orders:
        orders.add_column(sa.Column("checkout_text", sa.String(), nullable=True))
    _add("orders", sa.Column("has_accepted", sa.Boolean(), nullable=False, server_default=sa.false()))


def _add(table: str, column: "sa.Column[object]") -> None:
    """Fill old rows by a default, which the table then forgets."""
    with op.batch_alter_table(table) as changed:
        changed.add_column(column)
    with op.batch_alter_table(table) as changed:
        changed.alter_column(column.name, server_default=None)


def downgrade() -> None:
    for table, names in (
        ("orders", ("has_accepted", "checkout_text")),
        ("shop_profile", ("consent_text", "asks_consent")),
    ):
        with op.batch_alter_table(table) as changed:
            for name in names:
                changed.drop_column(name)
    op.drop_table("pages")
