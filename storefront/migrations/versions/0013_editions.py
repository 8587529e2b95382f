"""A price becomes two things: an edition of a product, and what it costs in each currency.

An edition has the id of its oldest price: programs know it as the `variant_id` of license answers.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

import storefront.core.db

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

UtcDateTime = storefront.core.db.UtcDateTime
Row = sa.Row[*tuple[Any, ...]]
MAX_KEY = 40

products = sa.table("products", *map(sa.column, ("id", "slug", "first_slug", "is_published", "state")))
editions = sa.table(
    "editions",
    *map(
        sa.column,
        ("id", "product_id", "key", "name", "line", "position", "is_active", "activation_limit", "seats"),
    ),
    sa.column("created_at", UtcDateTime),
)
prices = sa.table(
    "prices",
    *map(
        sa.column,
        (
            "id", "product_id", "edition", "edition_id", "currency", "position", "is_active", "activation_limit",
            "seats",
        ),
    ),
    sa.column("created_at", UtcDateTime),
)  # fmt: skip
LIMITS = ("activation_limit", "seats")


def upgrade() -> None:
    _make_tables()
    with op.batch_alter_table("products") as batch:
        batch.add_column(sa.Column("first_slug", sa.String(), nullable=True))
        batch.add_column(sa.Column("state", sa.String(length=32), nullable=False, server_default="draft"))
        batch.add_column(sa.Column("requirements", sa.String(), nullable=False, server_default=""))
        batch.add_column(sa.Column("questions", sa.JSON(), nullable=False, server_default="[]"))
        batch.add_column(sa.Column("tags", sa.JSON(), nullable=False, server_default="[]"))
        batch.add_column(sa.Column("search_title", sa.String(), nullable=False, server_default=""))
        batch.add_column(sa.Column("search_text", sa.String(), nullable=False, server_default=""))
    op.execute(sa.update(products).values(first_slug=products.c.slug))
    op.execute(sa.update(products).where(products.c.is_published == sa.true()).values(state="published"))
    with op.batch_alter_table("products") as batch:
        batch.alter_column("first_slug", existing_type=sa.String(), nullable=False)
        for name in ("state", "requirements", "questions", "tags", "search_title", "search_text"):
            batch.alter_column(name, server_default=None)
        batch.create_unique_constraint("uq_products_first_slug", ["first_slug"])
        batch.drop_column("is_published")
    with op.batch_alter_table("prices") as batch:
        batch.add_column(sa.Column("edition_id", sa.Integer(), nullable=True))
    _split_prices()
    with op.batch_alter_table("prices") as batch:
        batch.alter_column("edition_id", existing_type=sa.Integer(), nullable=False)
        batch.drop_index("ix_prices_product_id")
        batch.drop_constraint("fk_prices_product_id", type_="foreignkey")
        batch.create_foreign_key("fk_prices_edition_id", "editions", ["edition_id"], ["id"])
        for name in ("product_id", "edition", "position", *LIMITS):
            batch.drop_column(name)
    op.create_index("ix_prices_edition_id", "prices", ["edition_id"])
    active = sa.text("is_active")
    op.create_index(
        "uq_prices_active",
        "prices",
        ["edition_id", "currency"],
        unique=True,
        sqlite_where=active,
        postgresql_where=active,
    )


def _make_tables() -> None:
    op.create_table(
        "product_aliases",
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("product_id", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name=op.f("fk_product_aliases_product_id")),
        sa.PrimaryKeyConstraint("slug", name=op.f("pk_product_aliases")),
    )
    op.create_index(op.f("ix_product_aliases_product_id"), "product_aliases", ["product_id"])
    op.create_table(
        "editions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("product_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("line", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("activation_limit", sa.Integer(), nullable=True),
        sa.Column("seats", sa.Integer(), nullable=True),
        sa.Column("update_days", sa.Integer(), nullable=True),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name=op.f("fk_editions_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_editions")),
        sa.UniqueConstraint("product_id", "key", name=op.f("uq_editions_product_id_key")),
    )
    op.create_index(op.f("ix_editions_product_id"), "editions", ["product_id"])


def _split_prices() -> None:
    """Prices of one name and with the same limits are one edition, unless two of them are sold in one currency."""
    connection = op.get_bind()
    rows = connection.execute(sa.select(prices).order_by(prices.c.id)).all()
    keys: set[tuple[int, str]] = set()
    for group in _group(rows):
        first = group[0]
        shown = next((row for row in group if row.is_active), group[-1])
        key = _new_key(shown.edition, first.product_id, keys)
        values = {name: getattr(shown, name) for name in ("product_id", "position", "created_at", *LIMITS)}
        is_active = any(row.is_active for row in group)
        connection.execute(
            sa.insert(editions).values(
                id=first.id, key=key, name=shown.edition or "Standard", line="", is_active=is_active, **values
            )
        )
        ids = [row.id for row in group]
        connection.execute(sa.update(prices).where(prices.c.id.in_(ids)).values(edition_id=first.id))
    if connection.dialect.name == "postgresql":
        op.execute(
            "SELECT setval(pg_get_serial_sequence('editions', 'id'), "
            "(SELECT coalesce(max(id), 0) + 1 FROM prices), false)"
        )


def _group(rows: Iterable[Row]) -> Iterator[list[Row]]:
    groups: dict[tuple[object, ...], list[list[Row]]] = {}
    for row in rows:
        alike = groups.setdefault((row.product_id, row.edition, *(getattr(row, name) for name in LIMITS)), [])
        for group in alike:
            if not (row.is_active and any(other.is_active and other.currency == row.currency for other in group)):
                group.append(row)
                break
        else:
            alike.append([row])
    for alike in groups.values():
        yield from alike


def _new_key(name: str, product_id: int, keys: set[tuple[int, str]]) -> str:
    plain = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in name.lower())
    start = "-".join(filter(None, plain.split("-")))[:MAX_KEY].strip("-") or "edition"
    key, number = start, 1
    while (product_id, key) in keys:
        number += 1
        key = f"{start[: MAX_KEY - 5]}-{number}"
    keys.add((product_id, key))
    return key


def downgrade() -> None:
    """Take the amount of every currency back to a price of its own, as they were; what was new then is lost."""
    with op.batch_alter_table("prices") as batch:
        batch.drop_index("uq_prices_active")
        batch.drop_index("ix_prices_edition_id")
        batch.add_column(sa.Column("product_id", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("edition", sa.String(), nullable=False, server_default=""))
        batch.add_column(sa.Column("position", sa.Integer(), nullable=False, server_default="0"))
        for name in LIMITS:
            batch.add_column(sa.Column(name, sa.Integer(), nullable=True))
    same = ("product_id", "position", *LIMITS)
    sources = {"edition": "name", **{name: name for name in same}}
    op.execute(
        sa.update(prices).values(
            {
                to: sa.select(editions.c[source]).where(editions.c.id == prices.c.edition_id).scalar_subquery()
                for to, source in sources.items()
            }
        )
    )
    switched_off = sa.select(editions.c.id).where(editions.c.is_active == sa.false())
    op.execute(sa.update(prices).where(prices.c.edition_id.in_(switched_off)).values(is_active=sa.false()))
    with op.batch_alter_table("prices") as batch:
        batch.alter_column("product_id", existing_type=sa.Integer(), nullable=False)
        for name in ("edition", "position"):
            batch.alter_column(name, server_default=None)
        batch.drop_constraint("fk_prices_edition_id", type_="foreignkey")
        batch.create_foreign_key("fk_prices_product_id", "products", ["product_id"], ["id"])
        batch.drop_column("edition_id")
    op.create_index("ix_prices_product_id", "prices", ["product_id"])
    with op.batch_alter_table("products") as batch:
        batch.add_column(sa.Column("is_published", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.execute(sa.update(products).where(products.c.state == "published").values(is_published=sa.true()))
    with op.batch_alter_table("products") as batch:
        batch.alter_column("is_published", server_default=None)
        batch.drop_constraint("uq_products_first_slug", type_="unique")
        for name in ("first_slug", "state", "requirements", "questions", "tags", "search_title", "search_text"):
            batch.drop_column(name)
    op.drop_table("editions")
    op.drop_table("product_aliases")
