"""Pictures and samples of products; their bytes are in the storage."""

import sqlalchemy as sa
from alembic import op

import storefront.core.db

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

UtcDateTime = storefront.core.db.UtcDateTime


def upgrade() -> None:
    op.create_table(
        "pictures",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("filename", sa.String(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("files", sa.JSON(), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pictures")),
        sa.UniqueConstraint("sha256", name=op.f("uq_pictures_sha256")),
    )
    op.create_table(
        "product_pictures",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("product_id", sa.Integer(), nullable=False),
        sa.Column("picture_id", sa.Integer(), nullable=False),
        sa.Column("alt", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        _of_product("product_pictures"),
        sa.ForeignKeyConstraint(["picture_id"], ["pictures.id"], name=op.f("fk_product_pictures_picture_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product_pictures")),
        sa.UniqueConstraint("product_id", "picture_id", name=op.f("uq_product_pictures_product_id_picture_id")),
    )
    op.create_table(
        "product_samples",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("product_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("filename", sa.String(), nullable=False),
        sa.Column("content_type", sa.String(), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        _of_product("product_samples"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product_samples")),
        sa.UniqueConstraint("product_id", "sha256", name=op.f("uq_product_samples_product_id_sha256")),
    )
    for table, column in (
        ("product_pictures", "product_id"),
        ("product_pictures", "picture_id"),
        ("product_samples", "product_id"),
    ):
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column])


def _of_product(table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_product_id")
    return sa.ForeignKeyConstraint(["product_id"], ["products.id"], name=name, ondelete="CASCADE")


def downgrade() -> None:
    for table in ("product_samples", "product_pictures", "pictures"):
        op.drop_table(table)
