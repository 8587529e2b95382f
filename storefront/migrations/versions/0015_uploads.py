"""Uploads of release files through pages; on PostgreSQL, too, a file may be larger than two gigabytes."""

import sqlalchemy as sa
from alembic import op

import storefront.core.db

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

UtcDateTime = storefront.core.db.UtcDateTime
Large = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "uploads",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token", sa.String(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("product_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("filename", sa.String(), nullable=False),
        sa.Column("size_bytes", Large, nullable=False),
        sa.Column("offset_bytes", Large, nullable=False),
        sa.Column("modified_ms", Large, nullable=True),
        sa.Column("fingerprint", sa.String(), nullable=True),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("last_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("writer", sa.String(), nullable=True),
        sa.Column("busy_until", UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_uploads_person_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["product_id"], ["products.id"], name=op.f("fk_uploads_product_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_uploads")),
        sa.UniqueConstraint("token", name=op.f("uq_uploads_token")),
        sa.UniqueConstraint("fingerprint", name=op.f("uq_uploads_fingerprint")),
    )
    for column in ("person_id", "product_id", "last_at"):
        op.create_index(op.f(f"ix_uploads_{column}"), "uploads", [column])
    _resize(sa.BigInteger(), sa.Integer())


def downgrade() -> None:
    _resize(sa.Integer(), sa.BigInteger())
    op.drop_table("uploads")


def _resize(new: "sa.types.TypeEngine[int]", old: "sa.types.TypeEngine[int]") -> None:
    """SQLite keeps any size in an INTEGER."""
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column("release_files", "size_bytes", type_=new, existing_type=old, existing_nullable=False)
