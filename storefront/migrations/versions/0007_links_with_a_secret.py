"""Links that no copy of the database can make: seeds alone made the old ones, so those get new seeds.

Every link in a mail keeps working: it is found by its hash. Going back makes the links of orders anew.
"""

import hashlib
import hmac
import secrets

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

orders = sa.table(
    "orders", sa.column("id"), sa.column("token_seed"), sa.column("token_version"), sa.column("token_hash")
)
customers = sa.table("customers", sa.column("id"), sa.column("token_seed"))


def _old_token(seed: bytes, purpose: str, version: int) -> str:
    """As the shop of the revision before made it."""
    return hmac.new(seed, f"{purpose}:{version}".encode(), hashlib.sha256).hexdigest()[:32]


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _sow(rows: sa.TableClause, ids: list[int]) -> None:
    change = sa.update(rows).where(rows.c.id == sa.bindparam("of")).values(token_seed=sa.bindparam("seed"))
    if ids:
        op.get_bind().execute(change, [{"of": each, "seed": secrets.token_bytes(16)} for each in ids])


def upgrade() -> None:
    op.create_table(
        "order_links",
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_order_links_order_id")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_order_links")),
    )
    op.create_index(op.f("ix_order_links_order_id"), "order_links", ["order_id"])
    news_links = op.create_table(
        "news_links",
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_news_links_customer_id")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_news_links")),
    )
    op.create_index(op.f("ix_news_links_customer_id"), "news_links", ["customer_id"])
    connection = op.get_bind()
    _sow(orders, list(connection.execute(sa.select(orders.c.id)).scalars()))
    known = connection.execute(sa.select(customers.c.id, customers.c.token_seed)).all()
    mailed = [
        {"token_hash": _hash(f"{row.id}-{_old_token(row.token_seed, 'news', 1)}"), "customer_id": row.id}
        for row in known
    ]
    if mailed:
        op.bulk_insert(news_links, mailed)
    _sow(customers, [row.id for row in known])


def downgrade() -> None:
    connection = op.get_bind()
    made = [
        {"of": row.id, "found_by": _hash(_old_token(row.token_seed, "order", row.token_version))}
        for row in connection.execute(sa.select(orders))
    ]
    change = sa.update(orders).where(orders.c.id == sa.bindparam("of"))
    if made:
        connection.execute(change.values(token_hash=sa.bindparam("found_by")), made)
    op.drop_index(op.f("ix_news_links_customer_id"), "news_links")
    op.drop_table("news_links")
    op.drop_index(op.f("ix_order_links_order_id"), "order_links")
    op.drop_table("order_links")
