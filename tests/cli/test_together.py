"""Several programs as one: told to end, all do; one that ends takes the others along."""

import os
import signal
import subprocess
import sys

import pytest

from tests.support.processes import children_of, is_gone
from tests.support.shop import PATIENCE_SECONDS, wait_for

SCRIPT = """
import signal
import sys
from storefront.cli.together import run_together
signal.signal(signal.SIGHUP, signal.{hangup})
sys.exit(run_together({{"one": ["sleep", "600"], "other": ["sleep", "600"]}}))
"""


def start(*, hangup: str = "SIG_DFL") -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT.format(hangup=hangup)], stderr=subprocess.PIPE, text=True
    )
    wait_for(lambda: len(children_of(process.pid)) == 2, seconds=PATIENCE_SECONDS)
    return process


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP])
def test_ends_all_when_told(number: signal.Signals) -> None:
    process = start()
    children = children_of(process.pid)
    os.kill(process.pid, number)
    _out, said = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 0
    assert said == ""
    assert all(is_gone(child) for child in children)


def test_hears_no_second_end_once_all_have_ended() -> None:
    """Python gives its handlers back before the process is gone; what is ignored stays so."""
    script = """
import signal
from storefront.cli.together import ENDINGS, run_together
run_together({"one": ["true"]})
assert {signal.getsignal(number) for number in ENDINGS} == {signal.SIG_IGN}
"""
    subprocess.run([sys.executable, "-c", script], timeout=PATIENCE_SECONDS, check=True)


def test_stays_behind_a_closed_terminal_when_started_with_nohup() -> None:
    process = start(hangup="SIG_IGN")
    children = children_of(process.pid)
    os.kill(process.pid, signal.SIGHUP)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.5)
    assert not any(is_gone(child) for child in children)
    process.terminate()
    process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 0
    assert all(is_gone(child) for child in children)


def test_ends_the_others_with_one_that_ended_by_itself() -> None:
    process = start()
    children = children_of(process.pid)
    os.kill(min(children), signal.SIGKILL)
    _out, said = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 1
    assert "ended by itself: ending" in said
    assert all(is_gone(child) for child in children)
