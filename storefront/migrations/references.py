"""SQLite looks at no reference while tables are made anew: what a migration broke is found before its COMMIT."""

import logging
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.engine import Connection

from storefront.core.errors import StorefrontError

log = logging.getLogger(__name__)

Orphans = Counter[tuple[str, str]]  # (table, the table that has not what it points to) -> how many rows


class BrokenReferences(StorefrontError):
    """A migration left rows that point to nothing. All of it was taken back."""

    code = "broken_references"


@contextmanager
def unbroken_references(connection: Connection) -> Iterator[None]:
    """Around the migrations, inside their transaction.

    Rows that pointed to nothing before, as somebody leaves them who deletes at SQLite's own prompt, are named and
    stay: without the upgrade there would be no way to mend them. They are counted, because a table that is made
    anew may number its rows anew.

    Raises:
        BrokenReferences: there are more of them than before.
    """
    if connection.dialect.name != "sqlite":
        yield
        return
    before = _find_orphans(connection)
    for (table, parent), rows in sorted(before.items()):
        log.warning("rows point to nothing", extra={"table": table, "points_to": parent, "rows": rows})
    yield
    broken = _find_orphans(connection) - before
    if broken:
        named = ", ".join(f"{rows} of {table} to {parent}" for (table, parent), rows in sorted(broken.items()))
        raise BrokenReferences(
            f"The upgrade did not succeed, and nothing was changed: rows would point to nothing then ({named}). "
            "Start the version of before again; it serves as it did. Then report this line, with what `storefront "
            "db upgrade --dry-run` says."
        )


def _find_orphans(connection: Connection) -> Orphans:
    return Counter((row.table, row.parent) for row in connection.exec_driver_sql("PRAGMA foreign_key_check").all())
