"""The one table of Stripe's dispute statuses: what each means for access, and whether the owner has to answer."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class DisputeEffect(StrEnum):
    """What a dispute means for what was bought: only the first two close it."""

    LOST = "lost"
    OPEN = "open"
    INQUIRY = "inquiry"
    WON = "won"


class AnswerStage(StrEnum):
    """What the owner has to answer: an inquiry that becomes a dispute keeps its id, but has another deadline."""

    INQUIRY = "inquiry"
    DISPUTE = "dispute"
    APPEAL = "appeal"


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeStatus:
    """`answer_stage` is None where nothing waits for the owner; a settled dispute does not change any more."""

    effect: DisputeEffect
    answer_stage: AnswerStage | None = None
    is_settled: bool = False


# Every status of API version 2026-10-28.endive by name (https://docs.stripe.com/api/disputes/object). The
# heaviest comes first: of several disputes it decides, so a later inquiry does not hide a lost dispute.
DISPUTE_STATUSES = {
    "lost": DisputeStatus(effect=DisputeEffect.LOST, is_settled=True),
    "needs_response": DisputeStatus(effect=DisputeEffect.OPEN, answer_stage=AnswerStage.DISPUTE),
    "under_review": DisputeStatus(effect=DisputeEffect.OPEN),
    "appeal_needs_response": DisputeStatus(effect=DisputeEffect.OPEN, answer_stage=AnswerStage.APPEAL),
    "appeal_under_review": DisputeStatus(effect=DisputeEffect.OPEN),
    "warning_needs_response": DisputeStatus(effect=DisputeEffect.INQUIRY, answer_stage=AnswerStage.INQUIRY),
    "warning_under_review": DisputeStatus(effect=DisputeEffect.INQUIRY),
    "warning_closed": DisputeStatus(effect=DisputeEffect.INQUIRY, is_settled=True),
    "prevented": DisputeStatus(effect=DisputeEffect.WON, is_settled=True),
    "won": DisputeStatus(effect=DisputeEffect.WON, is_settled=True),
}
SETTLED_STATUSES = tuple(name for name, status in DISPUTE_STATUSES.items() if status.is_settled)
UNSETTLED_STATUSES = tuple(name for name, status in DISPUTE_STATUSES.items() if not status.is_settled)


def answer_stage(status: str) -> AnswerStage | None:
    """Return what the owner has to answer under this status; None for one we do not know."""
    known = DISPUTE_STATUSES.get(status)
    return known.answer_stage if known is not None else None


def weightiest_dispute(statuses: Iterable[str]) -> str | None:
    """Return the status that decides. One we do not know weighs less than any we do, but more than none."""
    present = set(statuses)
    return next((status for status in DISPUTE_STATUSES if status in present), min(present, default=None))
