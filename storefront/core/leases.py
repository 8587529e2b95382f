"""Leases: one caller at a time for a periodic job, in whatever process it runs."""

from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from storefront.core import clock
from storefront.core.db import Base, insert_missing, transaction


class Lease(Base):
    """Who may run a periodic job now: every Huey consumer runs each periodic task, only one should work."""

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(primary_key=True)
    until: Mapped[datetime]


def take_lease(name: str, *, seconds: int) -> bool:
    """Return True to one caller at a time, for so many seconds; a killed holder blocks nobody for longer.

    Nor does one whose clock was ahead.
    """
    now, length = clock.now(), timedelta(seconds=seconds)
    with transaction() as session:
        insert_missing(session, Lease, [{"name": name, "until": now - timedelta(seconds=1)}])
        name_taken = session.scalar(
            update(Lease)
            .where(Lease.name == name, or_(Lease.until <= now, Lease.until > now + length + clock.AHEAD))
            .values(until=now + length)
            .returning(Lease.name)
        )
    return name_taken is not None


def take_turn(session: Session, name: str) -> None:
    """Wait until no other transaction has this turn; it is this one's until it ends, however that is."""
    insert_missing(session, Lease, [{"name": name, "until": clock.now()}])
    session.execute(select(Lease.name).where(Lease.name == name).with_for_update()).all()


def extend_lease(name: str, *, seconds: int) -> None:
    """Extend the lease of a holder that is still at work."""
    with transaction() as session:
        session.execute(
            update(Lease).where(Lease.name == name).values(until=clock.now() + timedelta(seconds=seconds))
        )


def give_back_lease(name: str) -> None:
    with transaction() as session:
        session.execute(update(Lease).where(Lease.name == name).values(until=clock.now()))
