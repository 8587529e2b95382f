"""Ends the programs of `make run` where that was killed and could not: `kill -9`, or no memory left.

A program of its own that imports nothing of the shop: it reads from a pipe that closes with whoever holds it.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress

_ALL_ENDED = "all ended"
_STOP_SECONDS = 10
_KEPT = ("LD_LIBRARY_PATH", "PATH")


class Guard:
    """Started before the programs, and told of each, so that there is no moment in which nobody ends them."""

    def __init__(self, *, patience_seconds: int = _STOP_SECONDS) -> None:
        environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
        command = [sys.executable, "-I", "-S", __file__, str(patience_seconds)]
        self._process = subprocess.Popen(  # noqa: S603
            command, stdin=subprocess.PIPE, env=environment, start_new_session=True
        )

    def watch(self, process_id: int) -> None:
        """End this program with its group, should this process die."""
        self._say(str(process_id))

    def leave(self) -> None:
        """Send the guard home: everything has ended."""
        self._say(_ALL_ENDED)
        if self._process.stdin is not None:
            with suppress(BrokenPipeError):
                self._process.stdin.close()
        self._process.wait()

    def _say(self, words: str) -> None:
        if self._process.stdin is not None:
            with suppress(BrokenPipeError):  # somebody has ended the guard
                self._process.stdin.write(f"{words}\n".encode())
                self._process.stdin.flush()


def guard(lines: Iterable[str], *, patience_seconds: int) -> None:
    """Read process ids, a line each, and end their groups when no more can come; nothing where all has ended.

    What has not ended by itself after `patience_seconds` is killed.
    """
    groups: list[int] = []
    for line in lines:
        if line.strip() == _ALL_ENDED:
            return
        groups.insert(0, int(line))  # the web server, which starts last, ends first
    _tell(groups, signal.SIGTERM)
    _wait(groups, patience_seconds)
    _tell(groups, signal.SIGKILL)


def _tell(groups: Sequence[int], number: int) -> None:
    for group in groups:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(group, number)


def _wait(groups: Sequence[int], patience_seconds: int) -> None:
    deadline = time.monotonic() + patience_seconds
    while any(_is_there(group) for group in groups) and time.monotonic() < deadline:
        time.sleep(0.1)


def _is_there(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True


if __name__ == "__main__":
    guard(sys.stdin, patience_seconds=int(sys.argv[1]))
