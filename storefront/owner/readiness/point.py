"""Point: one line of the list, with what is and what to do."""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    DONE = "done"
    TO_DO = "to_do"
    WRONG = "wrong"
    UNKNOWN = "could_not_ask"


class Action(StrEnum):
    """A button that belongs to a point; `templates/owner/readiness/ready.html` has its words."""

    MAKE_WEBHOOK = "make_webhook"
    REPLACE_WEBHOOK = "replace_webhook"
    DISABLE_OLD_WEBHOOK = "disable_old_webhook"
    TEST_MAIL = "test_mail"
    RESTORED = "restored"


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """`where` is a page of /admin, `line` a command or a line of `.env`: where it is done. `more` explains."""

    code: str
    title: str
    state: State
    sentence: str
    where: str = ""
    line: str = ""
    more: tuple[str, ...] = ()
    actions: tuple[Action, ...] = ()


def put_open_first(points: list[Point]) -> list[Point]:
    """Return what is left to do before what is done, each in its own order."""
    return sorted(points, key=lambda point: point.state is State.DONE)


def count_open(points: list[Point]) -> int:
    """Count what is known to be left to do; what nobody has asked yet may be in order."""
    return sum(point.state in (State.TO_DO, State.WRONG) for point in points)


def count_unknown(points: list[Point]) -> int:
    return sum(point.state is State.UNKNOWN for point in points)
