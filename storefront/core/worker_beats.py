"""Which workers there are: each says once a minute that it is at work, and goodbye when it is stopped."""

import os
import socket
from contextlib import suppress

from sqlalchemy import delete
from sqlalchemy.exc import SQLAlchemyError

from storefront.core.db import transaction
from storefront.core.measurements import WORKER_SEEN_AT, Measurement, measurements


def worker_name() -> str:
    """Return `HOST:PID` of this process."""
    return f"{socket.gethostname()}:{os.getpid()}"


def beat() -> None:
    """Say that this worker is at work; the next `flush` of the measurements stores it."""
    measurements().see(WORKER_SEEN_AT, worker_name())


def say_goodbye() -> None:
    """Leave no row behind, so that only a worker that died is missed. A database that is away stops nobody."""
    with suppress(SQLAlchemyError), transaction() as session:
        session.execute(
            delete(Measurement).where(Measurement.name == WORKER_SEEN_AT, Measurement.label == worker_name())
        )
