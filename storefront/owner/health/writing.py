"""Whether the database takes a write: tried for real, once in a few seconds however many ask."""

import secrets
import time
from threading import Lock

from flask import Flask
from sqlalchemy import delete, insert
from sqlalchemy.exc import SQLAlchemyError

from storefront.core.db import db, transaction
from storefront.core.measurements import Measurement
from storefront.core.outages import find_outage
from storefront.core.runtime import Part

KEPT_SECONDS = 5.0
PROBE = "write_probe"
# More than fits beside other rows: the database must find new room, as an order would need it.
PROBE_BYTES = 1200


class WriteProbe:
    def __init__(self) -> None:
        self._lock = Lock()
        self._until = 0.0
        self._problem: str | None = None

    def find_problem(self) -> str | None:
        """None while writing works. Who asks while another one tries gets the last answer."""
        if time.monotonic() < self._until or not self._lock.acquire(blocking=False):
            return self._problem
        try:
            self._problem = _try_to_write()
            self._until = time.monotonic() + KEPT_SECONDS
        finally:
            self._lock.release()
        return self._problem


WRITE_PROBE = Part[WriteProbe]("write probe")


def _try_to_write() -> str | None:
    """Committed, because that is what a full disk refuses; nothing stays."""
    label = secrets.token_hex(PROBE_BYTES)
    try:
        with transaction() as session:
            session.execute(insert(Measurement).values(name=PROBE, label=label, value=0))
            session.execute(delete(Measurement).where(Measurement.name == PROBE, Measurement.label == label))
    except SQLAlchemyError as error:
        db.session.rollback()
        outage = find_outage(error)
        why = outage.why if outage else type(error).__name__
        return f"nothing can be written to the database ({why})"
    return None


def set_up_write_probe(app: Flask) -> None:
    WRITE_PROBE.set(WriteProbe(), app)


def find_write_problem() -> str | None:
    return WRITE_PROBE.get().find_problem()
