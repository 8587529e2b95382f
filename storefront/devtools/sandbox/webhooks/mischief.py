"""Mischief with deliveries: duplicated, delayed, out of order or lost, by rule or at random from a seed."""

import fnmatch
import random
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

Do = Literal["drop", "duplicate", "delay", "reorder"]
_LONGEST_SECONDS = 3600.0
_MOST_EXTRAS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """For event types that match `types` (`checkout.session.*`).

    `count` extra deliveries for `duplicate`; `seconds` are the wait of `delay`, and the time within which
    `reorder` sends in random order.
    """

    types: str
    do: Do
    count: int = 1
    seconds: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Mischief:
    """Rules, and shares from 0 to 1 of the deliveries that suffer at random.

    The same `seed` and the same order of events give the same decisions.
    """

    rules: tuple[Rule, ...] = ()
    seed: int | None = None
    drop: float = 0.0
    duplicate: float = 0.0
    delay: float = 0.0
    reorder: float = 0.0
    longest_delay_seconds: float = 2.0

    @property
    def is_random(self) -> bool:
        return any((self.drop, self.duplicate, self.delay, self.reorder))

    @property
    def is_counting(self) -> bool:
        """Whether it matters which event of its type comes: counting them takes time."""
        return self.is_random or any(rule.do == "reorder" for rule in self.rules)

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"rules": [asdict(rule) for rule in self.rules]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """Of one event at one endpoint: a wait in seconds for each of its deliveries; none when it is lost."""

    waits: tuple[float, ...]

    @property
    def is_lost(self) -> bool:
        return not self.waits


def read_mischief(given: Mapping[str, Any]) -> Mischief:
    """Draws a seed where chance is asked for and none is given.

    Raises:
        ValueError: naming the wrong member.
    """
    unknown = set(given) - set(Mischief.__dataclass_fields__)
    if unknown:
        raise ValueError(f"unknown members: {', '.join(sorted(unknown))}")
    rules = given.get("rules", [])
    if not isinstance(rules, list):
        raise ValueError("rules must be a list")  # noqa: TRY004 - one error type for a wrong body
    seed = given.get("seed")
    if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int)):
        raise ValueError("seed must be a whole number")
    made = Mischief(
        rules=tuple(_read_rule(rule) for rule in rules),
        seed=seed,
        longest_delay_seconds=_number(given, "longest_delay_seconds", 2.0, most=_LONGEST_SECONDS),
        **{name: _number(given, name, 0.0, most=1.0) for name in ("drop", "duplicate", "delay", "reorder")},
    )
    if made.is_random and seed is None:
        drawn = random.SystemRandom().randrange(1_000_000)
        return read_mischief({**given, "seed": drawn})
    return made


def _read_rule(given: object) -> Rule:
    if not isinstance(given, dict) or set(given) - set(Rule.__dataclass_fields__) or not given.get("types"):
        raise ValueError("a rule has types and do, and may have count and seconds")
    if given.get("do") not in get_args(Do):
        raise ValueError(f"do must be one of {', '.join(get_args(Do))}")
    count = given.get("count", 1)
    if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= _MOST_EXTRAS:
        raise ValueError(f"count must be a number from 1 to {_MOST_EXTRAS}")
    seconds = _number(given, "seconds", 1.0, most=_LONGEST_SECONDS)
    return Rule(types=str(given["types"]), do=given["do"], count=count, seconds=seconds)


def _number(given: Mapping[str, Any], name: str, default: float, *, most: float) -> float:
    value = given.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        raise ValueError(f"{name} must be a number from 0 to {most:g}")
    return float(value)


def decide(mischief: Mischief, event_type: str, ordinal: int, *, extras: int = 0) -> Fate:
    """`ordinal` counts the events of this type from 0; `extras` are duplicates that every event has."""
    chance = random.Random(f"{mischief.seed}:{event_type}:{ordinal}")  # noqa: S311 - to be repeated, not secret
    rules = [rule for rule in mischief.rules if fnmatch.fnmatchcase(event_type, rule.types)]
    if any(rule.do == "drop" for rule in rules) or chance.random() < mischief.drop:
        return Fate(waits=())
    extras += sum(rule.count for rule in rules if rule.do == "duplicate")
    if chance.random() < mischief.duplicate:
        extras += 1
    fixed = sum(rule.seconds for rule in rules if rule.do == "delay")
    windows = [rule.seconds for rule in rules if rule.do == "reorder"]
    is_late, is_shuffled = chance.random() < mischief.delay, chance.random() < mischief.reorder
    if is_late or is_shuffled:
        windows.append(mischief.longest_delay_seconds)
    return Fate(
        waits=tuple(fixed + sum(chance.uniform(0, window) for window in windows) for _ in range(1 + extras))
    )
