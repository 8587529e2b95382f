"""The faults of a soak: one list. Each is a function of the world and of chance, and lasts seconds."""

import os
import random
import resource
import signal
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import requests
import stripe

from tests.soak.named_points import CLOCK, POINTS, STATEMENT
from tests.soak.programs import Program
from tests.soak.world import FORMS, World

Act = Callable[[World, random.Random], None]
SMALL_FILE_BYTES = 4096
SHORT_SECONDS, LONG_SECONDS = 2.0, 4.0
MEET_SECONDS = 6.0  # how long somebody has to come to a point
REPLAYED = 20
JUMP_SECONDS = 10 * 60
MOST_STATEMENTS = 60
TOLD_TO_DIE = "to die at "


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
    world.worker.kill()
    world.note_lapse()


def freeze(world: World, _chance: random.Random, *, name: str) -> None:
    program = next(each for each in world.programs if each.name == name)
    program.freeze(LONG_SECONDS)


def die_at(world: World, chance: random.Random, *, part: str, point: str) -> None:
    """What no command of here comes to waits for one of the owner's."""
    world.order_death(part, point, str(chance.randint(1, MOST_STATEMENTS)))
    if part == "command":
        world.command("reconcile", "--since", "1d")
        return
    begun = time.monotonic()
    while (world.folder / f"{part}.{point}").exists() and time.monotonic() - begun < MEET_SECONDS:
        time.sleep(0.05)


def close_post_office(world: World, _chance: random.Random) -> None:
    world.post.close()
    time.sleep(SHORT_SECONDS)
    world.post.open()


def hold_letters(world: World, _chance: random.Random) -> None:
    world.post.orders.holds = True
    time.sleep(LONG_SECONDS)
    world.post.orders.holds = False


def refuse_letters(world: World, chance: random.Random, *, answer: str) -> None:
    world.post.orders.refuse += [answer] * chance.randint(1, 3)


def lose_answers(world: World, chance: random.Random) -> None:
    world.post.orders.lose_answers += chance.randint(1, 2)


def break_stripe(world: World, chance: random.Random, **how: Any) -> None:
    """The next few calls, whoever makes them; what nobody met is over then."""
    world.sandbox.control("faults", times=chance.randint(2, 8), **how)
    time.sleep(LONG_SECONDS)
    world.sandbox.control("faults/clear")


def replay_events(world: World, chance: random.Random) -> None:
    """The newest ones, in any order: also such as came and were handled."""
    with suppress(requests.RequestException, stripe.StripeError):
        events = [event.id for event in world.sandbox.stripe.v1.events.list({"limit": REPLAYED}).data]
        for event in chance.sample(events, len(events)):
            world.sandbox.control(f"events/{event}/resend")


def fill_disk(world: World, _chance: random.Random) -> None:
    """No file of web server and worker grows any more: what they write fails, as on a full disk."""
    programs = (world.web, world.worker)
    _limit_files(programs, SMALL_FILE_BYTES)
    time.sleep(SHORT_SECONDS)
    _limit_files(programs, resource.RLIM_INFINITY)
    world.note_lapse()


def _limit_files(programs: Iterable[Program], most_bytes: int) -> None:
    for program in programs:
        for pid in program.family():
            with suppress(ProcessLookupError, PermissionError):
                hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)[1]
                resource.prlimit(pid, resource.RLIMIT_FSIZE, (most_bytes, hard))


def move_clock(world: World, chance: random.Random) -> None:
    """The worker's alone, for a while: forward, past the end of a claim on an email, or back."""
    path = world.folder / f"worker.{CLOCK}"
    path.write_text(str(chance.choice((-JUMP_SECONDS, JUMP_SECONDS))), encoding="utf-8")
    time.sleep(LONG_SECONDS)
    path.unlink(missing_ok=True)
    world.note_lapse()


KILLS = (
    Fault(name="one web process killed", act=kill_one_web_process),
    Fault(name="worker killed", act=kill_worker),
    Fault(name="web server killed", act=kill_web),
)
FROZEN = tuple(
    Fault(name=f"{name} frozen", act=partial(freeze, name=name)) for name in ("web", "worker", "sandbox")
)
DYING = tuple(
    Fault(name=f"{TOLD_TO_DIE}{point.name}, {part}", act=partial(die_at, part=part, point=point.name))
    for point in POINTS
    for part in point.parts
) + tuple(
    Fault(name=f"{TOLD_TO_DIE}any statement, {part}", act=partial(die_at, part=part, point=STATEMENT))
    for part in ("web", "worker", "command")
)
MAIL = (
    Fault(name="SMTP server down", act=close_post_office),
    Fault(name="SMTP server hangs", act=hold_letters),
    Fault(name="SMTP server refuses for now", act=partial(refuse_letters, answer="451 4.3.0 Later")),
    Fault(name="SMTP server refuses for good", act=partial(refuse_letters, answer="554 5.6.0 Never")),
    Fault(name="SMTP server's answer lost", act=lose_answers),
)
STRIPE = (
    Fault(name="Stripe answers 500", act=partial(break_stripe, status=500)),
    Fault(name="Stripe answers 429", act=partial(break_stripe, status=429)),
    Fault(
        name="Stripe answers nonsense",
        act=partial(break_stripe, status=200, stored_under_idempotency_key=False),
    ),
    Fault(name="Stripe's call lost", act=partial(break_stripe, drop_before_execution=True)),
    Fault(name="Stripe's answer lost", act=partial(break_stripe, drop_after_execution=True)),
    Fault(name="Stripe slow", act=partial(break_stripe, delay_seconds=3.0)),
    Fault(name="events replayed", act=replay_events),
)
MACHINE = (Fault(name="disk full", act=fill_disk), Fault(name="worker's clock moved", act=move_clock))
FAULTS: tuple[Fault, ...] = (*KILLS, *FROZEN, *DYING, *MAIL, *STRIPE, *MACHINE)
