"""Looks at a database before its upgrade: which steps are missing, what they cost, whether there is a way back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import inspect, select, text
from sqlalchemy.engine import Connection

from storefront.audit.models import AuditEntry
from storefront.core import clock
from storefront.core.db import db, end_read
from storefront.core.errors import StorefrontError
from storefront.core.measurements import BACKED_UP_AT, Measurement
from storefront.migrations.head import is_known, is_newer
from storefront.migrations.plan import Step, find_steps
from storefront.migrations.state import find_current
from storefront.owner.backup.database import find_content
from storefront.owner.backup.restore import RESTORED

RECENT = timedelta(hours=24)


class NoRecentBackup(StorefrontError):
    """There are rows to lose, and no backup of today."""

    code = "no_recent_backup"


class UnknownSchema(StorefrontError):
    """The database names a step that this code never had."""

    code = "unknown_schema"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """`current` is None for a new database; `rows` of the tables that are made anew; `is_newer`: than the code.

    `is_new`: nobody has begun to run this shop, and no older code serves on it. An upgrade may have been killed
    when it had made the tables, and nothing else.

    `restored` is the name of a backup that stands for one made today, because the shop was restored from it today.
    """

    current: str | None
    steps: tuple[Step, ...]
    rows: dict[str, int]
    is_newer: bool
    is_new: bool = False
    restored: str = ""


def prepare(*, without_backup: bool) -> Prepared:
    """Say what the upgrade will do. Nothing is changed.

    Raises:
        NoRecentBackup: it would change a shop that has something to lose.
        UnknownSchema: the database is of other code.
    """
    current = find_current()
    if current is not None and is_newer(current):
        return Prepared(current=current, steps=(), rows={}, is_newer=True)
    if current is not None and not is_known(current):
        raise UnknownSchema(f"The database is at {current!r}, which this code does not know: see DATABASE_URL.")
    steps = tuple(find_steps(current))
    restored = _demand_backup() if steps and current is not None and not without_backup else ""
    return Prepared(
        current=current,
        steps=steps,
        rows=_count_rows(steps),
        is_newer=False,
        is_new=_is_new(current, steps),
        restored=restored,
    )


def _is_new(current: str | None, steps: Sequence[Step]) -> bool:
    return current is None or not (steps or find_content())


def _demand_backup() -> str:
    """Return the name of the backup that the shop was restored from, where that is the way back; else nothing."""
    if not find_content():
        return ""
    last = _find_last_backup()
    if last is not None and not clock.is_ahead(last) and clock.now() - last <= RECENT:
        return ""
    restored = _find_restored()
    if restored:
        return restored
    when = _say_when(last) if last else "The shop has seen no backup."
    raise NoRecentBackup(
        f"{when} Make one with `storefront backup`, then upgrade. If you have one that the shop does not know of, "
        "say so with --without-backup. Nothing was changed."
    )


def _say_when(last: datetime) -> str:
    ahead = ", which is still to come: the clock was ahead" if clock.is_ahead(last) else ""
    return f"The last backup was made {last:%Y-%m-%d %H:%M} UTC{ahead}."


def _find_last_backup() -> datetime | None:
    """Ask nothing of a schema that is too old to have been backed up by this shop."""
    with db.engine.connect() as connection:
        if Measurement.__tablename__ not in inspect(connection).get_table_names():
            return None
        seconds = connection.scalar(select(Measurement.value).where(Measurement.name == BACKED_UP_AT))
    return clock.from_unix(int(seconds)) if seconds else None


def _find_restored() -> str:
    with db.engine.connect() as connection:
        if AuditEntry.__tablename__ not in inspect(connection).get_table_names():
            return ""
        restored = select(AuditEntry.subject).where(
            AuditEntry.verb == RESTORED,
            AuditEntry.created_at.between(clock.now() - RECENT, clock.now() + clock.AHEAD),
        )
        return connection.scalar(restored.order_by(AuditEntry.id.desc()).limit(1)) or ""


def _count_rows(steps: tuple[Step, ...]) -> dict[str, int]:
    end_read()
    with db.engine.connect() as connection:
        if connection.dialect.name != "sqlite":
            return {}
        there = set(inspect(connection).get_table_names())
        rebuilt = {name for step in steps for name in step.rebuilt} & there
        return {name: _count(connection, name) for name in sorted(rebuilt)}


def _count(connection: Connection, table: str) -> int:
    return int(connection.scalar(text(f"SELECT count(*) FROM {table}")) or 0)  # noqa: S608 - named by a migration
