"""A code is used up by who uses it, and wrong ones count for who types them."""

import sqlalchemy as sa
from alembic import op

import storefront.core.db

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

MOMENT = storefront.core.db.UtcDateTime(timezone=True)


def upgrade() -> None:
    # Without batch mode, which would make the table anew and count its ids from where its rows end.
    for column in (
        sa.Column("is_customer", sa.Boolean(), nullable=False, server_default=sa.text("true")),
        sa.Column("asked_by", sa.String(), nullable=False, server_default=""),
        sa.Column("spent_at", MOMENT, nullable=True),
        sa.Column("spent_by", sa.String(), nullable=True),
    ):
        op.add_column("address_proofs", column)
    op.create_index(op.f("ix_address_proofs_created_at"), "address_proofs", ["created_at"])
    op.create_table(
        "code_tries",
        sa.Column("proof_id", sa.Integer(), nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("wrong", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["proof_id"], ["address_proofs.id"], name=op.f("fk_code_tries_proof_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("proof_id", "who", name=op.f("pk_code_tries")),
    )


def downgrade() -> None:
    op.drop_table("code_tries")
    with op.batch_alter_table("address_proofs") as batch_op:
        batch_op.drop_index(batch_op.f("ix_address_proofs_created_at"))
        for column in ("spent_by", "spent_at", "asked_by", "is_customer"):
            batch_op.drop_column(column)
