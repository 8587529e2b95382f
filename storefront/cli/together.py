"""Several programs as one: they start together, and when one ends the others do, too. For a single container."""

import os
import signal
import subprocess
from contextlib import suppress
from types import FrameType

import click

SECONDS_TO_END = 160  # more than the worker's `SHUTDOWN_SECONDS`
ENDINGS = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP)  # the last is a closed terminal's


class Together:
    """The programs that run, by their process id."""

    def __init__(self) -> None:
        self.running: dict[int, str] = {}
        self._processes: list[subprocess.Popen[bytes]] = []  # Python waits for those that nobody holds, unasked
        self.was_told = False

    def start(self, name: str, command: list[str]) -> None:
        # A session of its own: Ctrl-C reaches this process, which ends the others.
        process = subprocess.Popen(command, start_new_session=True)  # noqa: S603 - our own commands
        self._processes.append(process)
        self.running[process.pid] = name

    def be_told(self, _number: int, _frame: FrameType | None) -> None:
        self.was_told = True
        self.end()

    def end(self) -> None:
        """Ask all to end; who does not within `SECONDS_TO_END` is ended."""
        signal.alarm(SECONDS_TO_END)
        self._send(signal.SIGTERM)

    def kill(self, _number: int, _frame: FrameType | None) -> None:
        self._send(signal.SIGKILL)

    def _send(self, number: signal.Signals) -> None:
        for pid in tuple(self.running):
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def wait(self) -> None:
        """Return when all have ended. As a container's first process this one also sees the orphans of others."""
        while self.running:
            pid, _status = os.wait()
            name = self.running.pop(pid, None)
            if name is not None and not self.was_told and self.running:
                click.echo(
                    f"The {name} ended by itself: ending {', '.join(self.running.values())} as well.", err=True
                )
                self.end()


def run_together(commands: dict[str, list[str]]) -> int:
    """Run the programs until one ends or this process is told to. Return the exit status: 0 if it was told."""
    together = Together()
    for number in ENDINGS:
        # `nohup` is meant to stay. In the background of a script SIGINT is ignored, and ends it all the same.
        if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, together.be_told)
    signal.signal(signal.SIGALRM, together.kill)
    for name, command in commands.items():
        together.start(name, command)
        if together.was_told:  # before it had a process id to end
            together.end()
    together.wait()
    _hear_no_more()
    return 0 if together.was_told else 1


def _hear_no_more() -> None:
    """Let a terminal say its end twice: Python gives its handlers back before a process is gone."""
    for number in ENDINGS:
        signal.signal(number, signal.SIG_IGN)
