"""Where a program of the shop dies on order, and how its clock is moved: the shop's own code knows nothing of it.

A program that was started with FOLDER in its environment looks, each time it comes to a point, whether a file with
its part and the point's name lies there. Who removes the file dies at once, as by SIGKILL.
"""

import functools
import importlib.abc
import importlib.machinery
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

FOLDER = "SOAK_FOLDER"
PART = "SOAK_PART"  # web, worker or command
DEATHS = "deaths"
CLOCK = "clock"  # the seconds that every program's time is ahead
STATEMENT = "statement"  # its file holds how many statements a program still runs


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """Just before or just after a function of the shop; `parts` are the programs that come there often."""

    name: str
    module: str
    function: str
    is_after: bool = False
    parts: tuple[str, ...] = ("web",)


POINTS = (
    Point(name="checkout-kept", module="storefront.payments.checkout.start", function="ensure_session"),
    Point(
        name="session-made", module="storefront.payments.checkout.start", function="ensure_session", is_after=True
    ),
    Point(name="event-read", module="storefront.payments.webhook.ledger", function="read_known", is_after=True),
    Point(name="event-kept", module="storefront.payments.webhook.ledger", function="keep", is_after=True),
    Point(
        name="stripe-answered",
        module="storefront.payments.fulfillment.converge",
        function="converge_order",
        parts=("web", "command"),
    ),
    Point(
        name="sale-written",
        module="storefront.payments.fulfillment.converge",
        function="converge_order",
        is_after=True,
        parts=("web", "command"),
    ),
    Point(name="sale-committed", module="storefront.payments.fulfillment.fulfill", function="_nudge_mails"),
    Point(
        name="device-kept", module="storefront.delivery.licenses.activations", function="_record", is_after=True
    ),
    Point(
        name="gift-handed-over",
        module="storefront.delivery.hand_over",
        function="hand_over",
        is_after=True,
        parts=("worker",),
    ),
    Point(name="mail-claimed", module="storefront.mail.outbox", function="get_message", parts=("worker",)),
    Point(
        name="mail-taken",
        module="storefront.mail.transport",
        function="send",
        is_after=True,
        parts=("worker",),
    ),
    Point(
        name="refund-made",
        module="storefront.payments.fulfillment.refund",
        function="_create",
        is_after=True,
        parts=("command",),
    ),
    Point(
        name="pass-begun",
        module="storefront.payments.reconcile.passes",
        function="begin",
        is_after=True,
        parts=("command",),
    ),
)


class Fate:
    """What one program was told: the files in its folder."""

    def __init__(self, folder: Path, part: str) -> None:
        self.folder = folder
        self.part = part
        self._statements: int | None = None

    def takes(self, name: str) -> str | None:
        """Return what the file says, to one program only."""
        path = self.folder / f"{self.part}.{name}"
        mine = path.with_suffix(f".{os.getpid()}")
        try:
            path.rename(mine)
        except FileNotFoundError:
            return None
        return mine.read_text(encoding="utf-8")

    def meet(self, name: str) -> None:
        if self.takes(name) is not None:
            self.die(name)

    def count_statement(self, *_arguments: Any) -> None:
        if self._statements is None:
            told = self.takes(STATEMENT)
            self._statements = None if told is None else int(told)
            return
        self._statements -= 1
        if self._statements <= 0:
            self.die(STATEMENT)

    def die(self, name: str) -> None:
        with (self.folder / DEATHS).open("a", encoding="utf-8") as deaths:
            deaths.write(f"{time.time()} {self.part} {name}\n")
        os.kill(os.getpid(), signal.SIGKILL)

    def seconds_ahead(self) -> float:
        """Of every program's clock and of this part's own together."""
        return _read_seconds(self.folder / CLOCK) + _read_seconds(self.folder / f"{self.part}.{CLOCK}")


def _read_seconds(path: Path) -> float:
    try:
        return float(path.read_text(encoding="utf-8") or 0)
    except FileNotFoundError:
        return 0.0


def _at(point: Point, fate: Fate, act: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(act)
    def run(*arguments: Any, **named: Any) -> Any:
        if not point.is_after:
            fate.meet(point.name)
        done = act(*arguments, **named)
        if point.is_after:
            fate.meet(point.name)
        return done

    return run


def _move_clock(module: ModuleType, fate: Fate) -> None:
    real = module.now
    module.now = lambda: real() + timedelta(seconds=fate.seconds_ahead())  # type: ignore[attr-defined]


def _count_statements(fate: Fate) -> None:
    from sqlalchemy import Engine, event

    event.listen(Engine, "before_cursor_execute", fate.count_statement)


def _change(module: ModuleType, fate: Fate) -> None:
    if module.__name__ == "storefront.core.clock":
        _move_clock(module, fate)
    if module.__name__ == "storefront.core.db":
        _count_statements(fate)
    for point in POINTS:
        if point.module == module.__name__:
            setattr(module, point.function, _at(point, fate, getattr(module, point.function)))


class _Finder(importlib.abc.MetaPathFinder):
    """Changes a module right after it ran, before anybody can take a name out of it."""

    def __init__(self, fate: Fate) -> None:
        self.fate = fate
        self.wanted = {point.module for point in POINTS} | {"storefront.core.clock", "storefront.core.db"}

    def find_spec(self, name: str, path: Any, target: Any = None) -> importlib.machinery.ModuleSpec | None:
        if name not in self.wanted:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is None or spec.loader is None:
            return None
        run = spec.loader.exec_module

        def run_and_change(module: ModuleType) -> None:
            run(module)
            _change(module, self.fate)

        spec.loader.exec_module = run_and_change  # type: ignore[method-assign]
        return spec


def install() -> None:
    """Do nothing in a program that is of no soak."""
    if FOLDER in os.environ:
        sys.meta_path.insert(0, _Finder(Fate(Path(os.environ[FOLDER]), os.environ[PART])))
