"""Forgets a little at a time: a few hundred rows a transaction, so that no sale waits for it.

Where there is an archive, a batch is in it before it goes. Killed in between, its rows are written once more.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from storefront.core import clock
from storefront.core.db import db, end_read, transaction
from storefront.core.measurements import ARCHIVE_REFUSED_AT, ARCHIVED_AT, FORGOTTEN_ROWS, measurements
from storefront.core.one_at_a_time import alone
from storefront.core.runtime import settings
from storefront.owner.retention.archive import append
from storefront.owner.retention.lines import read_lines
from storefront.owner.retention.rules import RULES, Ids, Rule

log = logging.getLogger(__name__)

BATCH = 500  # rows a transaction
BATCHES = 4  # of each rule, a run


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """What a rule would forget now: `rows`, older than `days`."""

    rule: Rule
    days: int
    rows: int


def forget_some() -> dict[str, int]:
    """Forget up to 2,000 rows of each rule; return how many, by the rule's name. Twice does no more than once.

    An archive that cannot be written ends the run: what is not in it stays where it is.
    """
    forgotten = dict.fromkeys((rule.name for rule in RULES), 0)
    with _archive() as is_open:
        for rule in RULES if is_open else ():
            for rows in _forget(rule):
                forgotten[rule.name] += rows
    for name, rows in forgotten.items():
        if rows:
            measurements().add(FORGOTTEN_ROWS, name, rows)
            log.info("rows forgotten", extra={"rule": name, "rows": rows})
    return forgotten


@contextmanager
def _archive() -> Iterator[bool]:
    """Hold the archive, which one process writes at a time; False while another does. Without one, all go on."""
    if settings().archive_dir is None:
        yield True
        return
    with alone("archive") as is_alone:
        try:
            yield is_alone
        except (OSError, TypeError, ValueError) as error:  # a disk, or a row that cannot be written down
            measurements().see(ARCHIVE_REFUSED_AT)
            log.warning(
                "archive refused rows", extra={"why": getattr(error, "strerror", None) or type(error).__name__}
            )


def read_due() -> list[Due]:
    """Count what would go now. Writes nothing."""
    return [
        Due(rule=rule, days=rule.days(settings().keep_days), rows=_count(rule, _moment(rule))) for rule in RULES
    ]


def _moment(rule: Rule) -> datetime:
    return clock.now() - timedelta(days=rule.days(settings().keep_days))


def _count(rule: Rule, before: datetime) -> int:
    return db.session.scalar(select(func.count()).select_from(rule.find(before).order_by(None).subquery())) or 0


def _forget(rule: Rule) -> Iterator[int]:
    """Yield how many rows each batch was."""
    before = _moment(rule)
    for _ in range(BATCHES):
        rows = _forget_batch(rule, before)
        yield rows
        if rows < BATCH:
            break


def _forget_batch(rule: Rule, before: datetime) -> int:
    """Look without a write lock, as there is mostly nothing; then once more with it, for a dispute may be new."""
    seen = db.session.scalars(rule.find(before).limit(BATCH)).all()
    if not seen:
        return 0
    folder = settings().archive_dir
    written = _write_down(folder, rule, seen) if folder else None
    with transaction() as session:
        ids = session.scalars(_lock(rule, before, seen)).all()
        if written is not None:
            ids = _leave_changed(session, rule, ids, written)
        rule.forget(session, ids)
    return len(ids)


def _lock(rule: Rule, before: datetime, ids: Ids) -> Select[Any]:
    """Nobody changes them until they are gone. One that somebody is changing is left to the next run."""
    return rule.find(before).where(rule.key.in_(ids)).with_for_update(skip_locked=True)


def _write_down(folder: Path, rule: Rule, ids: Ids) -> dict[object, bytes]:
    """Bring rows to the archive, with nothing open meanwhile; return their lines. Raises OSError."""
    lines = read_lines(db.session(), rule.key, ids)
    end_read()
    append(folder, rule.name, lines.values(), clock.now())
    measurements().see(ARCHIVED_AT)
    return lines


def _leave_changed(session: Session, rule: Rule, ids: Ids, written: dict[object, bytes]) -> Ids:
    """Return those that are as they were written. The others are written anew by the next run."""
    now = read_lines(session, rule.key, ids)
    return [key for key in ids if now.get(key) == written.get(key)]
