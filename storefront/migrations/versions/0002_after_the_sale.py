"""After the sale: refunds, disputes, warnings, timeline, notices, reconciliation; the owner's decision."""

import sqlalchemy as sa
from alembic import op

import storefront.core.db

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "reconcile_passes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("since", storefront.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("started_at", storefront.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("finished_at", storefront.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("checkpoint", storefront.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("cursor", sa.String(), nullable=True),
        sa.Column("checked", sa.Integer(), nullable=False),
        sa.Column("fixed", sa.JSON(), nullable=False),
        sa.Column("needs_you", sa.JSON(), nullable=False),
        sa.Column("stumbles", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reconcile_passes")),
    )
    with op.batch_alter_table("reconcile_passes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_reconcile_passes_mode"), ["mode"], unique=False)

    op.create_table(
        "disputes",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("amount_minor", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("respond_by", storefront.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("created_at", storefront.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_disputes_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disputes")),
    )
    with op.batch_alter_table("disputes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_disputes_order_id"), ["order_id"], unique=False)

    op.create_table(
        "fraud_warnings",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("fraud_type", sa.String(), nullable=False),
        sa.Column("is_actionable", sa.Boolean(), nullable=False),
        sa.Column("created_at", storefront.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_fraud_warnings_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fraud_warnings")),
    )
    with op.batch_alter_table("fraud_warnings", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_fraud_warnings_order_id"), ["order_id"], unique=False)

    op.create_table(
        "notices",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=True),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("created_at", storefront.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("closed_at", storefront.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("is_closed_by_owner", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_notices_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
        sa.UniqueConstraint("mode", "kind", "subject", name=op.f("uq_notices_mode_kind_subject")),
    )
    with op.batch_alter_table("notices", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_notices_order_id"), ["order_id"], unique=False)

    op.create_table(
        "order_changes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("at", storefront.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_order_changes_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_changes")),
    )
    with op.batch_alter_table("order_changes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_order_changes_order_id"), ["order_id"], unique=False)

    op.create_table(
        "refunds",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("amount_minor", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("created_at", storefront.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_refunds_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refunds")),
    )
    with op.batch_alter_table("refunds", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_refunds_order_id"), ["order_id"], unique=False)

    with op.batch_alter_table("order_items", schema=None) as batch_op:
        batch_op.add_column(sa.Column("is_refunded", sa.Boolean(), nullable=False, server_default=sa.false()))

    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "decision",
                sa.Enum("follow_payment", "withdraw", "allow", name="decision", native_enum=False, length=32),
                nullable=False,
                server_default="follow_payment",
            )
        )
    op.execute("UPDATE orders SET decision = 'withdraw' WHERE is_withdrawn")
    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.drop_column("is_withdrawn")

    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.add_column(sa.Column("about", sa.String(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.drop_column("about")

    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.add_column(sa.Column("is_withdrawn", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.execute("UPDATE orders SET is_withdrawn = true WHERE decision = 'withdraw'")
    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.drop_column("decision")

    with op.batch_alter_table("order_items", schema=None) as batch_op:
        batch_op.drop_column("is_refunded")

    with op.batch_alter_table("refunds", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_refunds_order_id"))

    op.drop_table("refunds")
    with op.batch_alter_table("order_changes", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_order_changes_order_id"))

    op.drop_table("order_changes")
    with op.batch_alter_table("notices", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_notices_order_id"))

    op.drop_table("notices")
    with op.batch_alter_table("fraud_warnings", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_fraud_warnings_order_id"))

    op.drop_table("fraud_warnings")
    with op.batch_alter_table("disputes", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_disputes_order_id"))

    op.drop_table("disputes")
    with op.batch_alter_table("reconcile_passes", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_reconcile_passes_mode"))

    op.drop_table("reconcile_passes")
