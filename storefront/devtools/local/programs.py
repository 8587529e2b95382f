"""The programs of the local shop: started together, watched, and stopped in order."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from urllib.error import URLError
from urllib.request import OpenerDirector, ProxyHandler, build_opener

import click

from storefront.core.places import home
from storefront.devtools.local.end import End, ignore_signals
from storefront.devtools.local.ports import Ports

START_SECONDS = 120  # a program that ends is seen at once; a small machine may take its time
STOP_SECONDS = 10

Running = dict[str, subprocess.Popen[bytes]]


def commands(ports: Ports, environment: Mapping[str, str], folder: Path) -> dict[str, list[str]]:
    """Return each program's command by its name, in the order of starting."""
    storefront = [sys.executable, "-m", "storefront"]
    return {
        "sandbox": [
            *storefront, "sandbox", "--port", str(ports.sandbox), "--data", str(folder / "sandbox.db"),
            "--webhook-url", f"{environment['BASE_URL']}/webhook",
        ],
        "mailbox": [
            *storefront, "mailbox", "--port", str(ports.mailbox), "--smtp-port", str(ports.smtp),
            "--data", str(folder / "mailbox.db"),
        ],
        "worker": [*storefront, "worker"],
        "web server": [*storefront, "serve", "--port", str(ports.shop)],
    }  # fmt: skip


def start(command: list[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    # A session of its own: Ctrl-C reaches `make run`, which then ends the others in order.
    return subprocess.Popen(command, env=environment, cwd=home(environment), start_new_session=True)  # noqa: S603


def find_ended(running: Running) -> str | None:
    """Return the name of a program that ended by itself."""
    return next((name for name, process in running.items() if process.poll() is not None), None)


def wait_until_ready(url: str, running: Running, end: End) -> bool:
    """Return True once `url` answers 200, False when the end was requested before.

    Raises:
        click.ClickException: a program ended by itself, or nothing answered in time.
    """
    opener = build_opener(ProxyHandler({}))  # whatever proxy the environment names
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if end.is_requested:
            return False
        name = find_ended(running)
        if name:
            raise click.ClickException(f"The {name} did not start; its last lines above say why.")
        if _answers(opener, url):
            return True
    raise click.ClickException(f"The shop did not answer within {START_SECONDS} seconds.")


def _answers(opener: OpenerDirector, url: str) -> bool:
    try:
        with opener.open(url, timeout=2) as response:
            return bool(response.status == 200)
    except (URLError, OSError):
        time.sleep(0.1)
        return False


def watch(running: Running, end: End) -> str | None:
    """Wait, and return the program that ended by itself; None when the end was requested."""
    while not end.is_requested:
        name = find_ended(running)
        if name:
            return name
        time.sleep(0.2)
    return None


def stop(running: Running) -> None:
    """End the web server first, so that nobody pays into a shop that is going down.

    A program that does not end is killed with its group, and so is what one left behind: the web server has
    processes of its own, which would keep the port.
    """
    ignore_signals()
    for process in reversed(running.values()):
        if process.poll() is None:
            process.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    for process in running.values():
        with suppress(subprocess.TimeoutExpired):
            process.wait(max(0.1, deadline - time.monotonic()))
        with suppress(ProcessLookupError, PermissionError):  # macOS refuses a group that has only just ended
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
