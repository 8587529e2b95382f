"""Mischief with deliveries: duplicated, delayed, out of order or lost, by rule or at random from a seed."""

import fnmatch
import random
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, TypeGuard, get_args

from storefront.devtools.sandbox.json_values import is_number, is_whole_number, refuse_unknown_members

Do = Literal["drop", "duplicate", "delay", "reorder"]
_LONGEST_SECONDS = 3600.0
_MOST_EXTRAS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What happens to events whose type matches `types` (`checkout.session.*`).

    `count` is how many extra deliveries `duplicate` makes. `seconds` is the wait of `delay`, and the time within
    which `reorder` sends in random order.
    """

    types: str
    do: Do
    count: int = 1
    seconds: float = 1.0


RulesByKind = dict[Do, list[Rule]]


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
        """Tell whether it matters which event of its type comes: counting them takes time."""
        return self.is_random or any(rule.do == "reorder" for rule in self.rules)

    def rules_for(self, event_type: str) -> RulesByKind:
        rules = [rule for rule in self.rules if fnmatch.fnmatchcase(event_type, rule.types)]
        return {kind: [rule for rule in rules if rule.do == kind] for kind in get_args(Do)}

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"rules": [asdict(rule) for rule in self.rules]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What happens to one event at one endpoint: a wait in seconds for each delivery; none when it is lost."""

    waits: tuple[float, ...]

    @property
    def is_lost(self) -> bool:
        return not self.waits


def read_mischief(given: Mapping[str, Any]) -> Mischief:
    """Read what the control API was given; draw a seed where chance is asked for and none is given.

    Raises:
        ValueError: naming the wrong member.
    """
    refuse_unknown_members(given, Mischief.__dataclass_fields__)
    rules, seed = _read_rule_list(given), _read_seed(given)
    mischief = Mischief(
        rules=tuple(map(_read_rule, rules)),
        seed=seed,
        longest_delay_seconds=_read_number(given, "longest_delay_seconds", 2.0, most=_LONGEST_SECONDS),
        **{name: _read_number(given, name, 0.0, most=1.0) for name in get_args(Do)},
    )
    if mischief.is_random and seed is None:
        return replace(mischief, seed=random.SystemRandom().randrange(1_000_000))
    return mischief


def _read_rule_list(given: Mapping[str, Any]) -> list[Any]:
    rules = given.get("rules", [])
    if not isinstance(rules, list):
        raise ValueError("rules must be a list")  # noqa: TRY004 - one error type for a wrong body
    return rules


def _read_seed(given: Mapping[str, Any]) -> int | None:
    seed = given.get("seed")
    if seed is None or is_whole_number(seed):
        return seed
    raise ValueError("seed must be a whole number")


def _read_rule(given: object) -> Rule:
    if not _is_rule(given):
        raise ValueError("a rule has types and do, and may have count and seconds")
    if given.get("do") not in get_args(Do):
        raise ValueError(f"do must be one of {', '.join(get_args(Do))}")
    return Rule(
        types=str(given["types"]),
        do=given["do"],
        count=_read_count(given),
        seconds=_read_number(given, "seconds", 1.0, most=_LONGEST_SECONDS),
    )


def _is_rule(given: object) -> TypeGuard[dict[str, Any]]:
    return isinstance(given, dict) and set(given) <= set(Rule.__dataclass_fields__) and bool(given.get("types"))


def _read_count(given: Mapping[str, Any]) -> int:
    count = given.get("count", 1)
    if not is_whole_number(count) or not 1 <= count <= _MOST_EXTRAS:
        raise ValueError(f"count must be a number from 1 to {_MOST_EXTRAS}")
    return count


def _read_number(given: Mapping[str, Any], name: str, default: float, *, most: float) -> float:
    value = given.get(name, default)
    if not is_number(value) or not 0 <= value <= most:
        raise ValueError(f"{name} must be a number from 0 to {most:g}")
    return float(value)


def decide(mischief: Mischief, event_type: str, ordinal: int, *, extras: int = 0) -> Fate:
    """Return what happens to one event; `ordinal` counts the events of this type from 0.

    `extras` are duplicates that every event has. The order of the steps decides which random number each gets.
    """
    chance = random.Random(f"{mischief.seed}:{event_type}:{ordinal}")  # noqa: S311 - to be repeated, not secret
    rules = mischief.rules_for(event_type)
    if _is_lost(mischief, rules, chance):
        return Fate(waits=())
    deliveries = 1 + extras + _extra_deliveries(mischief, rules, chance)
    fixed_seconds = sum(rule.seconds for rule in rules["delay"])
    windows = _random_windows(mischief, rules, chance)
    return Fate(waits=tuple(fixed_seconds + _random_seconds(windows, chance) for _ in range(deliveries)))


def _is_lost(mischief: Mischief, rules: RulesByKind, chance: random.Random) -> bool:
    return bool(rules["drop"]) or chance.random() < mischief.drop


def _extra_deliveries(mischief: Mischief, rules: RulesByKind, chance: random.Random) -> int:
    return sum(rule.count for rule in rules["duplicate"]) + (chance.random() < mischief.duplicate)


def _random_windows(mischief: Mischief, rules: RulesByKind, chance: random.Random) -> list[float]:
    """Return the longest waits from 0 to which a random one is drawn for each delivery."""
    windows = [rule.seconds for rule in rules["reorder"]]
    is_late, is_shuffled = chance.random() < mischief.delay, chance.random() < mischief.reorder
    if is_late or is_shuffled:
        windows.append(mischief.longest_delay_seconds)
    return windows


def _random_seconds(windows: list[float], chance: random.Random) -> float:
    return sum(chance.uniform(0, window) for window in windows)
