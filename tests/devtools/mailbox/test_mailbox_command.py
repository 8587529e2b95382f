"""The mailbox's command: when it refuses, what it says, how it ends."""

import re
import signal
import smtplib
import subprocess
import sys
from pathlib import Path

import pytest
import requests
from click.testing import CliRunner

from storefront.devtools.mailbox.cli import mailbox as command
from storefront.devtools.mailbox.server import MailboxServer

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_takes_mail_until_it_is_told_to_stop(tmp_path: Path, ending: signal.Signals) -> None:
    code = "from storefront.devtools.mailbox.cli import mailbox; mailbox()"
    with subprocess.Popen(
        [sys.executable, "-u", "-c", code, "--port", "0", "--smtp-port", "0", "--data", tmp_path / "mail.db"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as running:
        assert running.stdout is not None
        said = running.stdout.readline()
        match = re.search(r"(http://127\.0\.0\.1:\d+), SMTP on port (\d+)", said)
        assert match is not None, said
        with smtplib.SMTP("127.0.0.1", int(match[2]), timeout=60) as client:
            client.sendmail("shop@example.com", ["ada@example.com"], "Subject: Hello\r\n\r\nHello")
        (mail,) = requests.get(f"{match[1]}/messages.json", timeout=60).json()["data"]
        assert mail["subject"] == "Hello"
        running.send_signal(ending)
        assert running.wait(timeout=60) == 0
        assert running.stdout.read() == ""


@pytest.mark.parametrize("taken", ["--port", "--smtp-port"])
def test_says_so_when_a_port_is_taken(taken: str) -> None:
    with MailboxServer(smtp_port=0, web_port=0, data_path=None) as running:
        port = str(running.web_port if taken == "--port" else running.smtp_port)
        done = CliRunner().invoke(command, ["--port", "0", "--smtp-port", "0", taken, port])
    assert done.exit_code == 1
    assert done.output.startswith("Error: cannot listen on 127.0.0.1: ")
    assert port in done.output
    assert done.output.count("\n") == 1


def test_refuses_a_file_that_is_something_else_and_a_public_address(tmp_path: Path) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text("not a database")
    for options, reason in (
        (["--data", str(notes)], "notes.txt cannot be used for mails"),
        (["--data", str(notes / "mail.db")], "mail.db cannot be used for mails"),
        (["--host", "0.0.0.0"], "--allow-any-address"),  # noqa: S104 - what must be refused
    ):
        done = CliRunner().invoke(command, ["--port", "0", "--smtp-port", "0", *options])
        assert done.exit_code == 1
        assert reason in done.output
        assert done.output.count("\n") == 1
    assert notes.read_text() == "not a database"
