"""Looks at the replica now and then, so that one that is late for long is found before somebody misses it."""

from storefront.core.measurements import REPLICA_ASKED_AT, REPLICA_REFUSED_AT, measurements
from storefront.core.replica import look_at_replica


def watch_replica() -> None:
    """Note whether it would be asked. Nothing where there is none."""
    state = look_at_replica()
    if state is not None:
        measurements().see(REPLICA_REFUSED_AT if state.problem else REPLICA_ASKED_AT)
