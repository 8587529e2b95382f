"""One soak: buyers at once, a fault now and then, time to recover, and the checker's verdict."""

import random
import shutil
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import requests

from storefront.core.config.settings import ROOT
from tests.soak.buyers import Bought, Buyer
from tests.soak.checker import Evidence, Verdict, judge
from tests.soak.faults import FAULTS, Fault
from tests.soak.look import collect
from tests.soak.stories import Story, tell
from tests.soak.world import World, drain, open_world
from tests.support.databases import Databases

BUYERS = 6  # at once
LOGS = ROOT / "var" / "soak"
DIED = "died at "
CALM_SECONDS = 1.0  # after a fault
REPORTS = 20  # lines on the way


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """`faults` is how many there are, spread over the purchases."""

    orders: int
    seed: int
    engine: str
    faults: int
    kinds: tuple[Fault, ...] = FAULTS


@dataclass(slots=True, kw_only=True)
class Watcher:
    """Whoever waits for a soak: hears how far it is, and may set `is_over` before its last buyer."""

    say: Callable[[str], None] = lambda _line: None
    is_over: threading.Event = field(default_factory=threading.Event)


@dataclass(slots=True, kw_only=True)
class Soaked:
    """`bought` has fewer than the plan where it was ended early."""

    plan: Plan
    bought: list[Bought]
    evidence: Evidence
    verdict: Verdict
    faults: Counter[str]
    seconds: dict[str, float] = field(default_factory=dict)


class Trouble:
    """Makes one fault after the other, each when so many buyers more have begun."""

    def __init__(self, world: World, plan: Plan) -> None:
        self.world = world
        self.chance = random.Random(f"{plan.seed}:faults")
        kinds = self.chance.sample(plan.kinds, len(plan.kinds))
        self.coming = [kinds[number % len(kinds)] for number in range(plan.faults)]
        self.every = max(1, plan.orders // (plan.faults + 1))
        self.made: Counter[str] = Counter()
        self._begun = 0
        self._turn = threading.Semaphore(0)
        self._is_over = False
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def note_buyer(self, number: int) -> None:
        if number and number % self.every == 0:
            self._turn.release()

    def finish(self) -> None:
        self._is_over = True
        self._turn.release()
        self._thread.join()

    def _run(self) -> None:
        for fault in self.coming:
            self._turn.acquire()
            if self._is_over:
                return
            with suppress(requests.RequestException):  # the sandbox may be slow to hear of it
                fault.act(self.world, self.chance)
            self.made[fault.name] += 1
            time.sleep(CALM_SECONDS)


def soak(plan: Plan, template: Databases, watcher: Watcher | None = None) -> Soaked:
    """Raises whatever keeps the shop from starting; what goes wrong later is in the verdict."""
    begun = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="storefront-soak-") as folder,
        open_world(Path(folder), template, plan.engine, plan.seed) as world,
    ):
        seconds = {"start": time.monotonic() - begun}
        is_well = False
        try:
            soaked = _soak(world, plan, seconds, watcher or Watcher())
            is_well = not soaked.verdict.findings
        finally:
            if not is_well:
                keep_logs(Path(folder))
        return soaked


def keep_logs(folder: Path) -> None:
    """What the programs said, for who looks for the reason."""
    LOGS.mkdir(parents=True, exist_ok=True)
    for log in folder.glob("*.log"):
        shutil.copy(log, LOGS)


def _soak(world: World, plan: Plan, seconds: dict[str, float], watcher: Watcher) -> Soaked:
    trouble = Trouble(world, plan)
    trouble.start()
    begun = time.monotonic()

    def buy(story: Story) -> Bought | None:
        if watcher.is_over.is_set():
            return None
        trouble.note_buyer(story.number)
        if story.number % max(1, plan.orders // REPORTS) == 0:
            minutes = (time.monotonic() - begun) / 60
            watcher.say(f"{minutes:.1f} min: buyer {story.number:,}, faults {trouble.made.total():,}")
        return Buyer(world, story).live()

    with ThreadPoolExecutor(BUYERS) as pool:
        lives = pool.map(buy, (tell(plan.seed, number) for number in range(plan.orders)))
        bought = [life for life in lives if life is not None]
    trouble.finish()
    seconds["buying"] = time.monotonic() - begun
    _calm(world)
    seconds["recovering"] = drain(world)
    begun = time.monotonic()
    evidence = collect(world, bought)
    seconds["checking"] = time.monotonic() - begun
    faults = trouble.made + Counter(f"{DIED}{name}, {part}" for _when, part, name in world.deaths())
    return Soaked(
        plan=plan,
        bought=bought,
        evidence=evidence,
        verdict=judge(evidence),
        faults=faults,
        seconds=seconds,
    )


def _calm(world: World) -> None:
    """Nothing goes wrong any more."""
    world.call_off_deaths()
    world.post.behave()
    world.sandbox.control("faults/clear")
    world.sandbox.control("mischief")
