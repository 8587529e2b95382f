"""`storefront reconcile` as an owner types it, and as a program reads it."""

import json

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from storefront.cli import main
from storefront.core.leases import take_lease
from storefront.payments.reconcile.run import LEASE
from tests.payments.reconcile.sales import start
from tests.support.sandbox_client import SandboxClient


def reconcile(command: CliRunner, *words: str) -> Result:
    return command.invoke(main, ["reconcile", *words])


def test_says_what_it_looked_at_what_it_fixed_and_that_all_agrees(
    command: CliRunner, app: Flask, sandbox: SandboxClient
) -> None:
    _nobody, session_id = start(app)
    sandbox.pay(session_id)
    would = reconcile(command, "--dry-run")
    assert "Would be fixed (1):" in would.stdout
    did = reconcile(command)
    assert did.exit_code == 0
    assert "1 sale looked at" in did.stdout
    assert "Fixed (1):\n  - Order " in did.stdout
    assert ": not known here, $19.00, paid." in did.stdout
    assert "Compared Checkout Sessions; 1 sale looked at so far." in did.stderr
    again = reconcile(command, "--since", "2d")
    assert "Everything agrees." in again.stdout


def test_gives_programs_one_json_object(command: CliRunner, app: Flask, sandbox: SandboxClient) -> None:
    _nobody, session_id = start(app)
    sandbox.pay(session_id)
    answer = reconcile(command, "--json")
    assert answer.stderr == ""
    report = json.loads(answer.stdout)
    assert report["dry_run"] is False
    assert report["checked"] == 1
    assert [line["kind"] for line in report["fixed"]] == ["checkouts"]
    assert report["needs_you"] == []


@pytest.mark.parametrize("since", ["yesterday", "3 days", "2026-13-01", "", "99999d", "2999-01-01"])
def test_refuses_a_time_it_does_not_understand(command: CliRunner, app: Flask, since: str) -> None:
    answer = reconcile(command, "--since", since)
    assert answer.exit_code == 2
    assert "Invalid value for '--since'" in answer.stderr


def test_says_how_to_go_on_when_stripe_does_not_answer(
    command: CliRunner, app: Flask, sandbox: SandboxClient
) -> None:
    sandbox.control("faults", method="GET", path="/v1/events", times=9, status=500)
    answer = reconcile(command)
    assert answer.exit_code == 1
    assert "run it again to go on from here" in answer.stderr


def test_leaves_a_running_pass_alone(command: CliRunner, app: Flask, sandbox: SandboxClient) -> None:
    with app.app_context():
        assert take_lease(LEASE, seconds=60)
    answer = reconcile(command)
    assert answer.exit_code == 1
    assert "Another pass is running" in answer.stderr
