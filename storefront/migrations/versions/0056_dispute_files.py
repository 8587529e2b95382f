"""Files of answers to disputes: which of Stripe's files stands for what."""

import sqlalchemy as sa
from alembic import op

import storefront.core.db

revision = "0056"
down_revision = "0055"
branch_labels = None
depends_on = None

UtcDateTime = storefront.core.db.UtcDateTime


def upgrade() -> None:
    op.create_table(
        "dispute_files",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("answer_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("stripe_file_id", sa.String(), nullable=False),
        sa.Column("filename", sa.String(), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("added_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("added_by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["answer_id"], ["dispute_answers.id"], name=op.f("fk_dispute_files_answer_id_dispute_answers")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispute_files")),
        sa.UniqueConstraint("answer_id", "kind", name=op.f("uq_dispute_files_answer_id_kind")),
        sa.UniqueConstraint("stripe_file_id", name=op.f("uq_dispute_files_stripe_file_id")),
    )


def downgrade() -> None:
    op.drop_table("dispute_files")
