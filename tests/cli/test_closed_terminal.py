"""`storefront serve` and `storefront worker`, each by itself, in a terminal that is closed."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from storefront.core.config.settings import ROOT
from tests.races.served import answers
from tests.support.processes import processes_of
from tests.support.shop import PATIENCE_SECONDS, START_SECONDS, wait_for

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("free_port")]
SERVE = ("serve", "--workers", "1", "--port")
# In a session of its own, a terminal that is opened is the one that ends it. `nohup … &` in a script ignores both.
IN_TERMINAL = """
import os, signal, sys
os.open(os.ttyname(0), os.O_RDWR)
signal.signal(signal.SIGHUP, signal.{hangup})
signal.signal(signal.SIGINT, signal.{hangup})
os.execv(sys.executable, [sys.executable, "-m", "storefront", *sys.argv[1:]])
"""


class Started:
    """A program in a terminal; what it says is in a file."""

    def __init__(self, environment: dict[str, str], log: Path, words: list[str], hangup: str) -> None:
        self.terminal, inside = os.openpty()
        self.log = log
        script = [sys.executable, "-c", IN_TERMINAL.format(hangup=hangup), *words]
        with log.open("wb") as said:
            self.process = subprocess.Popen(
                script, cwd=ROOT, env=environment, stdin=inside, stdout=said, stderr=said, start_new_session=True
            )
        os.close(inside)

    def says(self, words: str) -> int:
        return self.log.read_text().count(words)

    def close_terminal(self) -> None:
        """As a shell does, and then the system."""
        self.process.send_signal(signal.SIGHUP)
        time.sleep(0.1)
        os.close(self.terminal)
        self.terminal = -1


@contextmanager
def started(environment: dict[str, str], log: Path, *words: str, hangup: str = "SIG_DFL") -> Iterator[Started]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("STRIPE_", "MAIL_"))}
    program = Started(clean | environment | {"STOREFRONT_ENV_FILE": ""}, log, list(words), hangup)
    try:
        yield program
    finally:
        if program.terminal >= 0:
            os.close(program.terminal)
        program.process.terminate()
        program.process.wait(PATIENCE_SECONDS)


def wait_until(program: Started, is_ready: Callable[[], object]) -> None:
    wait_for(lambda: program.process.poll() is not None or is_ready(), seconds=START_SECONDS)
    assert program.process.poll() is None, program.log.read_text()


def handles(pid: int, number: signal.Signals) -> bool:
    caught = re.search(r"^SigCgt:\s*(\w+)", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    return caught is not None and bool(int(caught[1], 16) & 1 << number - 1)


@pytest.mark.usefixtures("app")
def test_ends_the_worker_gracefully_with_its_terminal(environment: dict[str, str], tmp_path: Path) -> None:
    with started(environment, tmp_path / "log", "worker") as worker:
        wait_until(worker, lambda: worker.says("worker started") and handles(worker.process.pid, signal.SIGHUP))
        worker.close_terminal()
        assert worker.process.wait(PATIENCE_SECONDS) == 0
    assert worker.says("worker started") == 1


@pytest.mark.usefixtures("app")
def test_leaves_a_worker_at_work_that_was_started_with_nohup(environment: dict[str, str], tmp_path: Path) -> None:
    with started(environment, tmp_path / "log", "worker", hangup="SIG_IGN") as worker:
        # What becomes of SIGHUP shows in nothing here; Huey takes SIGINT, ignored till then, right before it.
        wait_until(worker, lambda: worker.says("worker started") and handles(worker.process.pid, signal.SIGINT))
        worker.close_terminal()
        with pytest.raises(subprocess.TimeoutExpired):
            worker.process.wait(4)  # Huey would have begun anew
        assert worker.says("worker started") == 1


@pytest.mark.usefixtures("app")
def test_ends_the_web_server_with_its_terminal(environment: dict[str, str], tmp_path: Path) -> None:
    with started(environment, tmp_path / "log", *SERVE, port_of(environment)) as server:
        wait_until(server, lambda: answers(environment["BASE_URL"]))
        server.close_terminal()
        assert server.process.wait(PATIENCE_SECONDS) == 0
        assert processes_of(f"BASE_URL={environment['BASE_URL']}") == []


@pytest.mark.usefixtures("app")
def test_leaves_a_web_server_serving_that_was_started_with_nohup(
    environment: dict[str, str], tmp_path: Path
) -> None:
    with started(environment, tmp_path / "log", *SERVE, port_of(environment), hangup="SIG_IGN") as server:
        wait_until(server, lambda: answers(environment["BASE_URL"]))
        server.close_terminal()
        with pytest.raises(subprocess.TimeoutExpired):
            server.process.wait(2)
        wait_for(lambda: answers(environment["BASE_URL"]), seconds=START_SECONDS)


def port_of(environment: dict[str, str]) -> str:
    return environment["BASE_URL"].rsplit(":", 1)[1]
