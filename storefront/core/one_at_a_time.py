"""Work that only one process may do at a time, however long: the lock ends with its process, even a killed one."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import text

from storefront.core.db import WRITERS, db


@contextmanager
def alone(work: str) -> Iterator[bool]:
    """Try once; False while somebody else does this work. Nothing of the database is locked meanwhile."""
    line = WRITERS.get()
    if line is not None:
        with line.held(work) as is_alone:
            yield is_alone
        return
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        number = int.from_bytes(hashlib.sha256(f"storefront {work}".encode()).digest()[:8], signed=True)
        is_alone = bool(connection.scalar(text("SELECT pg_try_advisory_lock(:number)"), {"number": number}))
        try:
            yield is_alone
        finally:
            if is_alone:
                connection.execute(text("SELECT pg_advisory_unlock(:number)"), {"number": number})
