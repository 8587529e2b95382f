"""Goes on with what is half done as soon as the database answers again, where nobody else could."""

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import SQLAlchemyError

from storefront.core.db import give_back_session
from storefront.core.outages import find_outage

log = logging.getLogger(__name__)

RETRY_SECONDS = 1.0
Answer = TypeVar("Answer")


def outlast(act: Callable[[], Answer], *, seconds: float) -> Answer:
    """Return what `act` returns. It is tried again each second while the database is away, for so many seconds.

    It may have been done when its answer was lost, so it must bear being done twice. Each time it has a new
    session, so it uses no rows that were read before.

    Raises:
        SQLAlchemyError: the database was away all the time, or it is a bug.
    """
    deadline = time.monotonic() + seconds
    is_said = False
    while True:
        try:
            return act()
        except SQLAlchemyError as error:
            outage = find_outage(error)
            if outage is None or time.monotonic() >= deadline:
                raise
            if not is_said:
                log.info("waiting for the database", extra={"why": outage.why})
            is_said = True
        give_back_session()
        time.sleep(RETRY_SECONDS)
