"""What was asked, with the time: kept for every process, asked again after some minutes or on demand."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront.core import clock
from storefront.core.db import db, transaction, upsert
from storefront.core.errors import StorefrontError
from storefront.core.leases import give_back_lease, take_lease
from storefront.core.runtime import settings
from storefront.owner.readiness.models import Question, ReadinessAnswer

KEPT = timedelta(minutes=10)
ASKING_SECONDS = 60  # who asks at the same time gets what is kept
PROBLEM = "problem"

Body = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    asked_at: datetime
    body: Body

    @property
    def problem(self) -> str | None:
        """Why nobody could say; None for an answer."""
        return self.body.get(PROBLEM)


def read_answers() -> dict[Question, Answer]:
    """Return those of the running mode, in one statement."""
    rows = db.session.execute(
        select(ReadinessAnswer.name, ReadinessAnswer.asked_at, ReadinessAnswer.body).where(
            ReadinessAnswer.mode == settings().mode
        )
    )
    return {row.name: Answer(asked_at=row.asked_at, body=row.body) for row in rows}


def ask_again(questions: dict[Question, Callable[[], Body]], *, even_if_fresh: bool) -> None:
    """Ask what is not known or old, one caller at a time, with no transaction open. Never raises a refusal."""
    if not _are_due(questions, even_if_fresh=even_if_fresh):
        return
    if not take_lease("readiness", seconds=ASKING_SECONDS):
        return
    try:
        for name, ask in questions.items():
            keep_answer(name, _ask(ask))
    finally:
        give_back_lease("readiness")


def _are_due(questions: dict[Question, Callable[[], Body]], *, even_if_fresh: bool) -> bool:
    if even_if_fresh:
        return True
    kept, now = read_answers(), clock.now()
    return any(name not in kept or now - kept[name].asked_at > KEPT for name in questions)


def _ask(ask: Callable[[], Body]) -> Body:
    try:
        return ask()
    except StorefrontError as refusal:
        return {PROBLEM: refusal.message, "code": refusal.code}


def keep_answer(name: Question, body: Body) -> None:
    with transaction() as session:
        keep_in(session, name, body)


def keep_in(session: Session, name: Question, body: Body) -> None:
    """Keep it inside the caller's transaction."""
    row = {"name": name, "mode": settings().mode, "asked_at": clock.now(), "body": body}
    upsert(session, ReadinessAnswer, row, changes=_newer)


def _newer(new: Any) -> Body:  # noqa: ANN401 - columns by their names
    return {"asked_at": new.asked_at, "body": new.body}
