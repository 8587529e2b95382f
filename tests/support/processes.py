"""The programs that a test has started, found by what they were started with."""

import os
from pathlib import Path


def processes_of(mark: Path | str) -> list[int]:
    """Programs that know this folder or address, by the environment or the arguments they were started with."""
    pids = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            told = (entry / "environ").read_bytes() + (entry / "cmdline").read_bytes()
            state = (entry / "stat").read_text().rsplit(")", 1)[1].split()[0]
        except OSError:
            continue
        if os.fsencode(mark) in told and state != "Z":
            pids.append(int(entry.name))
    return pids


def children_of(parent: int) -> set[int]:
    """Its own children, and not theirs."""
    path = Path(f"/proc/{parent}/task/{parent}/children")
    return {int(number) for number in path.read_text().split()}


def is_gone(number: int) -> bool:
    """Also what nobody has waited for yet."""
    try:
        return Path(f"/proc/{number}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True
