"""What an order was refused: a download, or one more device. For the owner who is asked why, for a while.

A row holds no address of a client, only what its User-Agent says in words of ours. What repeats within an hour is
one row that counts, so a program that never gives up cannot fill the table.
"""

import hashlib
import logging
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, delete, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Mapped, Session, mapped_column

from storefront.core import clock
from storefront.core.db import Base, db, transaction, upsert

log = logging.getLogger(__name__)

LONGEST_DETAIL = 80


class Refused(StrEnum):
    DOWNLOAD = "download"
    ACTIVATION = "activation"


class Refusal(Base):
    """`subject` is a file's name, or the last letters of a key. `detail` is the device that asked last."""

    __tablename__ = "refusals"
    __table_args__ = (Index(None, "order_id", "at"),)

    id: Mapped[str] = mapped_column(primary_key=True)  # a digest of what may be in an hour once
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    what: Mapped[str]  # a Refused
    reason: Mapped[str]  # a code: why
    subject: Mapped[str]
    size_bytes: Mapped[int | None] = mapped_column(BigInteger)
    client: Mapped[str]
    detail: Mapped[str]
    times: Mapped[int]
    first_at: Mapped[datetime]
    at: Mapped[datetime] = mapped_column(index=True)  # the last of them


def note_refusal(
    order_id: int,
    what: Refused,
    reason: str,
    *,
    client: str,
    subject: str = "",
    size_bytes: int | None = None,
    detail: str = "",
) -> None:
    """Keep it, in a transaction of its own. Whoever is refused gets the same answer when this fails."""
    now = clock.now()
    row = {
        "id": _digest(f"{now:%Y%m%d%H}", str(order_id), what, reason, subject, client),
        "order_id": order_id,
        "what": what.value,
        "reason": reason,
        "subject": subject,
        "size_bytes": size_bytes,
        "client": client,
        "detail": detail[:LONGEST_DETAIL],
        "times": 1,
        "first_at": now,
        "at": now,
    }
    try:
        with transaction() as session:
            upsert(session, Refusal, row, changes=_once_more)
    except SQLAlchemyError:
        log.warning("refusal was not kept", extra={"reason": reason})


def _once_more(new: Any) -> dict[str, Any]:  # noqa: ANN401 - the row of an INSERT, which each engine has of its own
    return {"times": Refusal.__table__.c.times + 1, "at": new.at, "detail": new.detail}


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def forget_refusals_of(session: Session, order_ids: Sequence[int]) -> None:
    """Delete those of orders whose buyer is erased, inside the caller's transaction."""
    session.execute(
        delete(Refusal).where(Refusal.order_id.in_(order_ids)).execution_options(synchronize_session=False)
    )


def find_refusals(order_id: int, *, limit: int) -> list[Refusal]:
    """Return the newest, newest first. One statement."""
    newest = select(Refusal).where(Refusal.order_id == order_id).order_by(Refusal.at.desc(), Refusal.id)
    return list(db.session.scalars(newest.limit(limit).execution_options(populate_existing=True)))
