"""Forgets a little at a time: a few hundred rows a transaction, so that no sale waits for it."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from storefront.core import clock
from storefront.core.db import db, transaction
from storefront.core.measurements import FORGOTTEN_ROWS, measurements
from storefront.core.runtime import settings
from storefront.owner.retention.rules import RULES, Rule

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
    """Forget up to 2,000 rows of each rule; return how many, by the rule's name. Twice does no more than once."""
    forgotten = {rule.name: _forget(rule) for rule in RULES}
    for name, rows in forgotten.items():
        if rows:
            measurements().add(FORGOTTEN_ROWS, name, rows)
            log.info("rows forgotten", extra={"rule": name, "rows": rows})
    return forgotten


def read_due() -> list[Due]:
    """Count what would go now. Writes nothing."""
    return [
        Due(rule=rule, days=rule.days(settings().keep_days), rows=_count(rule, _moment(rule))) for rule in RULES
    ]


def _moment(rule: Rule) -> datetime:
    return clock.now() - timedelta(days=rule.days(settings().keep_days))


def _count(rule: Rule, before: datetime) -> int:
    return db.session.scalar(select(func.count()).select_from(rule.find(before).order_by(None).subquery())) or 0


def _forget(rule: Rule) -> int:
    total, before = 0, _moment(rule)
    for _ in range(BATCHES):
        rows = _forget_batch(rule, before)
        total += rows
        if rows < BATCH:
            break
    return total


def _forget_batch(rule: Rule, before: datetime) -> int:
    """Look without a write lock, as there is mostly nothing; then once more with it, for a dispute may be new."""
    seen = db.session.scalars(rule.find(before).limit(BATCH)).all()
    if not seen:
        return 0
    with transaction() as session:
        ids = session.scalars(rule.find(before).where(rule.key.in_(seen))).all()
        rule.forget(session, ids)
    return len(ids)
