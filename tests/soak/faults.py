"""The faults of a soak: one list. Each is a function of the world and of chance, and lasts seconds."""

import os
import random
import resource
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from tests.soak.world import FORMS, World

Act = Callable[[World, random.Random], None]
UNLIMITED = resource.RLIM_INFINITY
SMALL_FILE_BYTES = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    name: str
    act: Act


def kill_web(world: World, _chance: random.Random) -> None:
    """All of it; it comes back with another form of Checkout."""
    form = world.web.environment["CHECKOUT_UI"]
    world.web.environment["CHECKOUT_UI"] = FORMS[(FORMS.index(form) + 1) % len(FORMS)]
    world.web.kill()


def kill_one_web_process(world: World, chance: random.Random) -> None:
    children = world.web.family()[1:]
    if children:
        with suppress(ProcessLookupError):
            os.kill(chance.choice(children), signal.SIGKILL)


def kill_worker(world: World, _chance: random.Random) -> None:
    world.kills.append(time.time())
    world.worker.kill()


KILLS = (
    Fault(name="web server killed", act=kill_web),
    Fault(name="one web process killed", act=kill_one_web_process),
    Fault(name="worker killed", act=kill_worker),
)
FAULTS: tuple[Fault, ...] = KILLS
