"""The database as one stream of bytes, and back: each engine in its own way, while the shop runs."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import IO, Protocol

from sqlalchemy import inspect, text

from storefront.core.db import Base, db
from storefront.owner.backup.age import Source
from storefront.owner.backup.postgresql import Postgresql
from storefront.owner.backup.sqlite import Sqlite

Fill = Callable[[IO[bytes]], None]  # writes the whole dump, or raises

# Where one of these has a row, somebody has begun to run this shop. A new one fills other tables by itself.
OWNED = (
    "products", "orders", "checkouts", "customers", "people", "pages", "pictures", "discounts", "signing_keys",
    "stripe_events", "audit_entries",
)  # fmt: skip


class Database(Protocol):
    engine: str

    def dumping(self) -> AbstractContextManager[Source]:
        """Read it as it is at one moment. An error that comes late is raised at the end of the block.

        Raises:
            SourceUnreadable, StorageFull, ToolFailed: there is no dump.
        """

    def restore(self, fill: Fill, *, size_bytes: int) -> None:
        """Put a dump of about this size in place of an empty database: all of it, or nothing.

        Raises:
            BackupDamaged, StorageFull, ToolFailed: nothing was changed.
        """


def own_database() -> Database:
    url = db.engine.url
    return Postgresql(url) if url.get_backend_name() == "postgresql" else Sqlite(url)


def find_content() -> list[str]:
    """Return the names of tables that hold what would be lost."""
    with db.engine.connect() as connection:
        there = set(inspect(connection).get_table_names())
        return [
            name
            for name in OWNED
            if name in there and connection.scalar(text(f"SELECT 1 FROM {name} LIMIT 1")) is not None  # noqa: S608 - names of ours
        ]


def find_foreign() -> list[str]:
    """Return the names of tables that are none of the shop's: they would be lost as well."""
    with db.engine.connect() as connection:
        there = set(inspect(connection).get_table_names())
    own = {*Base.metadata.tables, "alembic_version"}
    return sorted(name for name in there - own if not name.startswith("huey_"))
