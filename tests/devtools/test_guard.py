"""What `make run` started ends also when that is killed and can end nothing by itself."""

import os
import signal
import subprocess
import sys

import pytest

from storefront.core.config.settings import ROOT
from tests.support.processes import children_of, is_gone
from tests.support.shop import wait_for

# Two programs as it starts them; the second one takes no notice of SIGTERM and has a child of its own.
STARTED = """
import subprocess, sys
from storefront.devtools.local.guard import Guard
guard = Guard(patience_seconds=1)
deaf = "trap '' TERM; sleep 600 & wait"
for command in (["sleep", "600"], ["sh", "-c", deaf]):
    guard.watch(subprocess.Popen(command, start_new_session=True).pid)
print("started", flush=True)
sys.stdin.readline()
{then}
"""


def start(then: str) -> "subprocess.Popen[bytes]":
    program = [sys.executable, "-c", STARTED.format(then=then)]
    return subprocess.Popen(program, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def family_of(parent: int) -> set[int]:
    children = children_of(parent)
    return children | set().union(*(children_of(child) for child in children))


@pytest.mark.slow
def test_ends_them_with_their_groups_when_it_was_killed() -> None:
    with start("") as parent:
        assert parent.stdout
        assert parent.stdout.readline() == b"started\n"
        wait_for(lambda: len(family_of(parent.pid)) == 4)  # the guard, two programs and the child of one
        all_of_them = family_of(parent.pid)
        parent.send_signal(signal.SIGKILL)
        parent.wait()
        wait_for(lambda: all(is_gone(number) for number in all_of_them))


def test_leaves_alone_what_has_been_ended_already() -> None:
    with start("guard.leave()") as parent:
        assert parent.stdout
        assert parent.stdout.readline() == b"started\n"
        children = children_of(parent.pid)
        assert parent.stdin
        parent.stdin.close()  # not `communicate`: what it started holds its output open
        assert parent.wait() == 0
        left = [number for number in children if not is_gone(number)]
        assert len(left) == 2
        for number in left:
            os.killpg(number, signal.SIGKILL)
