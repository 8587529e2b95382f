"""The command: what it prints, when it refuses, how it ends."""

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import requests
from click.testing import CliRunner

from storefront.devtools.sandbox.cli import sandbox as command
from tests.devtools.sandbox.calls import Calls

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_runs_until_it_is_told_to_stop(tmp_path: Path, ending: signal.Signals) -> None:
    data = tmp_path / "sandbox.sqlite"
    code = "from storefront.devtools.sandbox.cli import sandbox; sandbox()"
    with subprocess.Popen(
        [sys.executable, "-u", "-c", code, "--port", "0", "--data", data],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as running:
        assert running.stdout is not None
        said = running.stdout.readline() + running.stdout.readline()
        address = re.search(r"http://127\.0\.0\.1:\d+", said)
        assert address is not None, said
        assert requests.get(f"{address[0]}/_sandbox/health", timeout=60).json()["status"] == "ok"
        assert f"{address[0]}/docs" in said
        assert not re.search(r"[sp]k_test_", said)
        running.send_signal(ending)
        assert running.wait(timeout=60) == 0
        assert running.stdout.read() == ""
    assert data.exists()


def test_says_so_when_the_port_is_taken(sandbox: Calls, tmp_path: Path) -> None:
    port = sandbox.url.rsplit(":", 1)[1]
    done = CliRunner().invoke(command, ["--port", port, "--data", str(tmp_path / "s.sqlite")])
    assert done.exit_code == 1
    assert f"cannot listen on 127.0.0.1:{port}" in done.output
    assert done.output.count("\n") == 1


@pytest.mark.parametrize("options", [["--host", "0.0.0.0"], ["--secret-key", "sk_live_x"]])  # noqa: S104
def test_does_not_start_unsafely(options: list[str], tmp_path: Path) -> None:
    done = CliRunner().invoke(command, [*options, "--data", str(tmp_path / "s.sqlite")])
    assert done.exit_code == 1
    assert done.output.startswith("Error: ")


def test_answers_no_other_site(sandbox: Calls) -> None:
    """A page elsewhere could otherwise empty a developer's sandbox through the browser."""
    session = sandbox.make_session()
    for origin, status in (("https://evil.test", 403), (sandbox.url, 200)):
        answer = requests.post(f"{sandbox.url}/_sandbox/reset", headers={"Origin": origin}, timeout=60)
        assert answer.status_code == status
        session_ids = [entry["id"] for entry in sandbox.look("sessions")["data"]]
        assert session_ids == ([session.id] if status == 403 else [])
