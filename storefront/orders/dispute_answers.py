"""DisputeAnswer and DisputeFile: what an owner wants to say, or has said, at one stage of a dispute."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from storefront.core import clock
from storefront.core.db import Base
from storefront.orders.after_sale import Dispute


class DisputeAnswer(Base):
    """A draft until `submitted_at`; then a copy of what was sent, which no longer changes.

    An inquiry that becomes a dispute keeps its id and is answered again: `stage` is the AnswerStage.
    """

    __tablename__ = "dispute_answers"
    __table_args__ = (UniqueConstraint("dispute_id", "stage"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    dispute_id: Mapped[str] = mapped_column(ForeignKey("disputes.id"))
    stage: Mapped[str]
    fields: Mapped[dict[str, Any]]  # text by Stripe's name of a field of evidence
    version: Mapped[int] = mapped_column(default=0)  # raised by each save, and by each file that comes or goes
    saved_at: Mapped[datetime] = mapped_column(default=clock.now)
    saved_by: Mapped[str]
    submitted_at: Mapped[datetime | None]
    submitted_by: Mapped[str | None]


class DisputeFile(Base):
    """A file of an answer. Stripe has its bytes; `kind` is Stripe's name of a field, which takes one file."""

    __tablename__ = "dispute_files"
    __table_args__ = (UniqueConstraint("answer_id", "kind"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    answer_id: Mapped[int] = mapped_column(ForeignKey("dispute_answers.id"))
    kind: Mapped[str]
    stripe_file_id: Mapped[str] = mapped_column(unique=True)
    filename: Mapped[str]
    size_bytes: Mapped[int]
    added_at: Mapped[datetime] = mapped_column(default=clock.now)
    added_by: Mapped[str]


def forget_answers_of(session: Session, order_ids: Sequence[int]) -> None:
    """Delete those of orders whose buyer is erased, inside the caller's transaction: they name the buyer."""
    disputes = select(Dispute.id).where(Dispute.order_id.in_(order_ids))
    answers = select(DisputeAnswer.id).where(DisputeAnswer.dispute_id.in_(disputes))
    for gone in (
        delete(DisputeFile).where(DisputeFile.answer_id.in_(answers)),
        delete(DisputeAnswer).where(DisputeAnswer.dispute_id.in_(disputes)),
    ):
        session.execute(gone.execution_options(synchronize_session=False))
