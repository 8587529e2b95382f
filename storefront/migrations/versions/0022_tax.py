"""Tax codes and behavior of products, and what an order says of tax and invoice: nothing in older ones."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

OLD_UNIQUE = ["price_id", "mode", "account"]
NEW_UNIQUE = [*OLD_UNIQUE, "tax_code", "tax_behavior"]
OLD_NAME = "uq_stripe_mirrors_price_id_mode_account"
NEW_NAME = "uq_stripe_mirrors_price_id_mode_account_tax_code_tax_behavior"


def upgrade() -> None:
    for table in ("products", "stripe_mirrors"):
        for name in ("tax_code", "tax_behavior"):
            _add(table, sa.Column(name, sa.String(), nullable=False, server_default=""))
    with op.batch_alter_table("stripe_mirrors") as mirrors:
        mirrors.drop_constraint(op.f(OLD_NAME), type_="unique")
        mirrors.create_unique_constraint(op.f(NEW_NAME), NEW_UNIQUE)
    _add("orders", sa.Column("taxes", sa.JSON(), nullable=False, server_default="[]"))
    with op.batch_alter_table("orders") as orders:
        for name in ("stripe_customer_id", "invoice_number", "invoice_url"):
            orders.add_column(sa.Column(name, sa.String(), nullable=True))
        orders.create_index(op.f("ix_orders_stripe_customer_id"), ["stripe_customer_id"])
    with op.batch_alter_table("refunds") as refunds:
        refunds.add_column(sa.Column("presentment_minor", sa.Integer(), nullable=True))
        refunds.add_column(sa.Column("presentment_currency", sa.String(), nullable=True))


def _add(table: str, column: "sa.Column[object]") -> None:
    """Fill old rows by a default, which the table then forgets."""
    with op.batch_alter_table(table) as changed:
        changed.add_column(column)
    with op.batch_alter_table(table) as changed:
        changed.alter_column(column.name, server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("refunds") as refunds:
        refunds.drop_column("presentment_currency")
        refunds.drop_column("presentment_minor")
    with op.batch_alter_table("orders") as orders:
        orders.drop_index(op.f("ix_orders_stripe_customer_id"))
        for name in ("invoice_url", "invoice_number", "stripe_customer_id", "taxes"):
            orders.drop_column(name)
    op.execute("DELETE FROM stripe_mirrors WHERE tax_code <> '' OR tax_behavior <> ''")
    with op.batch_alter_table("stripe_mirrors") as mirrors:
        mirrors.drop_constraint(op.f(NEW_NAME), type_="unique")
        mirrors.create_unique_constraint(op.f(OLD_NAME), OLD_UNIQUE)
    for table in ("stripe_mirrors", "products"):
        with op.batch_alter_table(table) as changed:
            for name in ("tax_behavior", "tax_code"):
                changed.drop_column(name)
