"""Finding: one line of what was looked at."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """`name` is that of the check, stable and for programs. `text` says what is, and what to do; no secret."""

    name: str
    level: Level
    text: str


Seen = tuple[Level, str]


def ok(text: str) -> Seen:
    return Level.OK, text


def warn(text: str) -> Seen:
    return Level.WARN, text


def fail(text: str) -> Seen:
    return Level.FAIL, text
