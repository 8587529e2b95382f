"""The programs of a soak: started, killed, frozen and started again; what one says goes to a file."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from storefront.core.config.settings import ROOT
from tests.soak.named_points import PART
from tests.support.processes import children_of

HOOK = ROOT / "tests" / "soak" / "hook"
STOP_SECONDS = 30
STOREFRONT = (sys.executable, "-m", "storefront")


@dataclass(slots=True, kw_only=True)
class Program:
    """`part` is what named points call it. A program that ended is started again by `keep_up()`."""

    name: str
    part: str
    arguments: tuple[str, ...]
    environment: dict[str, str]
    folder: Path
    process: "subprocess.Popen[bytes] | None" = None
    starts: int = 0
    lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def family(self) -> list[int]:
        """Its own number first; those of its children, who do the work of the web server."""
        with suppress(OSError):
            return [self.pid, *children_of(self.pid)]
        return [self.pid]

    def start(self) -> None:
        with (self.folder / f"{self.name}.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*STOREFRONT, *self.arguments],
                cwd=ROOT,
                env=surroundings(self.environment, self.part),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.starts += 1

    def kill(self) -> None:
        """SIGKILL to all of it; it comes back by `keep_up()`."""
        with self.lock:
            for pid in self.family():
                _send(pid, signal.SIGKILL)
            if self.process is not None:
                self.process.wait()

    def keep_up(self) -> bool:
        """Start it again if it has ended; a web server's children that lost their parent go first."""
        with self.lock:
            if self.process is None or self.process.poll() is None:
                return False
            _send_group(self.process.pid, signal.SIGKILL)
            self.start()
            return True

    def freeze(self, seconds: float) -> None:
        pids = self.family()
        for pid in pids:
            _send(pid, signal.SIGSTOP)
        time.sleep(seconds)
        for pid in pids:
            _send(pid, signal.SIGCONT)

    def stop(self) -> None:
        with self.lock:
            if self.process is None:
                return
            _send(self.process.pid, signal.SIGCONT)
            self.process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(STOP_SECONDS)
            _send_group(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None


def surroundings(environment: Mapping[str, str], part: str) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("STRIPE_", "MAIL_"))}
    quiet = {"STOREFRONT_ENV_FILE": "", "NO_PROXY": "127.0.0.1,localhost", "no_proxy": "127.0.0.1,localhost"}
    return clean | quiet | dict(environment) | {"PYTHONPATH": str(HOOK), PART: part}


def _send(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def _send_group(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)
