"""Measurements of every process together: collected in memory, added to a table once a minute.

Web processes and workers measure different things, and whoever reads them asks one process.
"""

import logging
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

from flask import Flask
from sqlalchemy import Double, delete, or_, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Mapped, Session, mapped_column

from storefront.core import clock
from storefront.core.db import Base, db, transaction, upsert
from storefront.core.runtime import Part

log = logging.getLogger(__name__)

FLUSH_SECONDS = 60
# Upper bounds in seconds; the last one is everything.
BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, float("inf"))

STRIPE_SECONDS = "stripe_seconds"
SMTP_SECONDS = "smtp_seconds"
ACCESS_DENIALS = "access_denials"
FAILED_NUDGES = "failed_nudges"
GOOD_SIGNATURE_AT = "good_signature_at"
BAD_SIGNATURE_AT = "bad_signature_at"
STALE_SIGNATURE_AT = "stale_signature_at"
EVENT_MISSED_AT = "event_missed_at"  # found by comparing with Stripe, about an order, and no delivery had come
UNTRUSTED_PROXY_AT = "untrusted_proxy_at"
CODE_CEILING_AT = "code_ceiling_at"
CLOSED_KEY_AT = "closed_key_at"  # a sealed value is of no data key that is here
BACKED_UP_AT = "backed_up_at"
BACKUP_LACKS_AT = "backup_lacks_at"  # a moment after that, of a backup without files that the shop names
FORGOTTEN_ROWS = "forgotten_rows"
ARCHIVED_AT = "archived_at"
ARCHIVE_REFUSED_AT = "archive_refused_at"
REPLICA_ASKED_AT = "replica_asked_at"
REPLICA_REFUSED_AT = "replica_refused_at"  # was late or away
WORKER_SEEN_AT = "worker_seen_at"  # of each worker, by its name
# By the hour and how it went, so that what happens now is told from what happened once.
ANSWERS = "answers"
KEPT_HOURS = 48
WORKER_KEPT = timedelta(hours=1)


def hour_of(moment: datetime) -> str:
    return moment.isoformat(timespec="hours")[:13]


class Measurement(Base):
    """A sum since the table was made, when something was last seen (`…_at`, in Unix seconds), or a count that is
    made anew now and then (`totals_…`)."""

    __tablename__ = "measurements"

    name: Mapped[str] = mapped_column(primary_key=True)
    label: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[float] = mapped_column(Double)


class Measurements:
    """What this process has not added to the table yet."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._sums: dict[tuple[str, str], float] = defaultdict(float)
        self._good_answers: dict[tuple[str, str], float] = defaultdict(float)
        self._flushed_at = time.monotonic()

    def add(self, name: str, label: str = "", value: float = 1) -> None:
        with self._lock:
            self._sums[name, label] += value

    def see(self, name: str, label: str = "") -> None:
        with self._lock:
            self._sums[name, label] = clock.now().timestamp()

    def answer(self, *, has_failed: bool) -> None:
        """Count an answer. Good ones are stored with whatever else there is: alone they are not worth a write."""
        label = f"{hour_of(clock.now())} {'failed' if has_failed else 'good'}"
        with self._lock:
            (self._sums if has_failed else self._good_answers)[ANSWERS, label] += 1

    def time(self, name: str, outcome: str, seconds: float) -> None:
        with self._lock:
            self._sums[f"{name}_sum", outcome] += seconds
            for bound in BUCKETS:
                if seconds <= bound:
                    self._sums[name, f"{outcome} {bound:g}"] += 1

    def take(self, *, only_when_due: bool) -> dict[tuple[str, str], float]:
        """Empty it and return its figures; nothing while the last time was less than a minute ago."""
        with self._lock:
            now = time.monotonic()
            if not self._sums or (only_when_due and now - self._flushed_at < FLUSH_SECONDS):
                return {}
            sums, self._sums, self._flushed_at = self._sums, defaultdict(float), now
            good, self._good_answers = self._good_answers, defaultdict(float)
            return sums | good

    def give_back(self, figures: dict[tuple[str, str], float]) -> None:
        for (name, label), value in figures.items():
            if not name.endswith("_at"):
                self.add(name, label, value)


MEASUREMENTS = Part[Measurements]("measurements")


def set_up_measurements(app: Flask) -> None:
    MEASUREMENTS.set(Measurements(), app)


def measurements() -> Measurements:
    return MEASUREMENTS.get()


@contextmanager
def timed(name: str) -> Iterator[None]:
    """Measure how long something took, by how it ended: `ok`, or the name of what was raised."""
    started, outcome = time.perf_counter(), "ok"
    try:
        yield
    except BaseException as error:  # not sys.exception(): it also tells of one that is handled further out
        outcome = type(error).__name__
        raise
    finally:
        measurements().time(name, outcome, time.perf_counter() - started)


def flush(*, only_when_due: bool = True) -> None:
    """Add what was collected to the table. A database in trouble loses no figure and stops nobody."""
    collected = measurements().take(only_when_due=only_when_due)
    if not collected:
        return
    try:
        with transaction() as session:
            _store(session, collected)
    except SQLAlchemyError as error:
        measurements().give_back(collected)
        log.warning("measurements not stored", extra={"kind": type(error).__name__})


def _store(session: Session, collected: Mapping[tuple[str, str], float]) -> None:
    """Store the figures. Of names that end in `_at` the last one counts; the others are added up."""
    rows = [{"name": name, "label": label, "value": value} for (name, label), value in sorted(collected.items())]
    sums = [row for row in rows if not str(row["name"]).endswith("_at")]
    moments = [row for row in rows if str(row["name"]).endswith("_at")]
    if sums:
        upsert(session, Measurement, sums, changes=_add_value)
    if moments:
        upsert(session, Measurement, moments, changes=_replace_value)
    now = clock.now()
    is_old_hour = (Measurement.name == ANSWERS) & (Measurement.label < hour_of(now - timedelta(hours=KEPT_HOURS)))
    gone = (now - WORKER_KEPT).timestamp()
    is_gone_worker = (Measurement.name == WORKER_SEEN_AT) & (Measurement.value < gone)
    session.execute(delete(Measurement).where(or_(is_old_hour, is_gone_worker)))


def replace_labels(session: Session, name: str, values: Mapping[str, float]) -> None:
    """Let a name have these labels and no others: what is counted anew each time, and nobody adds to."""
    session.execute(delete(Measurement).where(Measurement.name == name))
    rows = [{"name": name, "label": label, "value": value} for label, value in sorted(values.items())]
    upsert(session, Measurement, rows, changes=_replace_value)


def _add_value(new: Any) -> dict[str, Any]:  # noqa: ANN401 - columns by their names
    return {"value": Measurement.value + new.value}


def _replace_value(new: Any) -> dict[str, Any]:  # noqa: ANN401 - as above
    return {"value": new.value}


def read_measurements() -> dict[str, dict[str, float]]:
    """Return name -> label -> value, of all processes as far as they have stored it. One statement."""
    values: dict[str, dict[str, float]] = defaultdict(dict)
    for row in db.session.execute(select(Measurement.name, Measurement.label, Measurement.value)):
        values[row.name][row.label] = row.value
    return values
