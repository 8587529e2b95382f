"""Programs of a world of several machines, each with a log, ended by their process ids."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from storefront.core.places import ROOT
from tests.support.databases import missing
from tests.support.shop import PATIENCE_SECONDS

NAMES_OF_OTHERS = ("STRIPE_", "MAIL_")


def find_program(name: str) -> str:
    """Return where it is; a skip where it is missing, and a failure in CI."""
    found = shutil.which(name)
    if found is None:
        missing(f"{name} is not here: `apt install {name}`.")
    return str(found)


class Program:
    """One that leads a process group, so that a kill takes its children along, as a lost machine would."""

    def __init__(self, command: list[str], environment: dict[str, str], log: Path) -> None:
        clean = {name: value for name, value in os.environ.items() if not name.startswith(NAMES_OF_OTHERS)}
        with log.open("ab") as said:
            self.process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=clean | {"STOREFRONT_ENV_FILE": ""} | environment,
                stdout=said,
                stderr=said,
                start_new_session=True,
            )

    def ask_to_end(self) -> None:
        self.process.terminate()

    def wait(self) -> int:
        """Return how it ended."""
        return self.process.wait(PATIENCE_SECONDS)

    def kill(self) -> None:
        """Leave it no time for anything."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(PATIENCE_SECONDS)


def storefront(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "storefront", *arguments]
