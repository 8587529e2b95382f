"""Work that only one process may do at a time, however long: the lock ends with its process, even a killed one."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import text

from storefront.core.db import WRITERS, outside_the_pool


@contextmanager
def alone(work: str) -> Iterator[bool]:
    """Try once; False while somebody else does this work. Nothing of the database is locked meanwhile.

    On PostgreSQL a connection of its own holds the lock. The pool may have only one, which the work needs.
    """
    line = WRITERS.get()
    if line is not None:
        with line.held(work) as is_alone:
            yield is_alone
        return
    with outside_the_pool() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT")
        number = int.from_bytes(hashlib.sha256(f"storefront {work}".encode()).digest()[:8], signed=True)
        is_alone = bool(connection.scalar(text("SELECT pg_try_advisory_lock(:number)"), {"number": number}))
        try:
            yield is_alone
        finally:
            if is_alone:
                connection.execute(text("SELECT pg_advisory_unlock(:number)"), {"number": number})
