"""The official, unmodified Stripe command line can trigger its Checkout scenarios against the sandbox."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.sandbox.calls import Calls

pytestmark = pytest.mark.stripe_cli
HOW_TO_GET_IT = "Stripe CLI not found: `npm install @stripe/cli@1.52.0` here, or set STRIPE_CLI to its path"


@pytest.fixture
def stripe_cli() -> Path:
    local = Path(__file__).parents[2] / "node_modules" / ".bin" / "stripe"
    for found in (os.environ.get("STRIPE_CLI"), shutil.which("stripe"), local if local.exists() else None):
        if found:
            return Path(found)
    if os.environ.get("CI"):
        pytest.fail(HOW_TO_GET_IT)
    pytest.skip(HOW_TO_GET_IT)


def trigger(cli: Path, home: Path, sandbox: Calls, name: str, *more: str) -> str:
    done = subprocess.run(
        [cli, "trigger", name, "--api-base", sandbox.url, "--api-key", sandbox.key, *more],
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "XDG_CONFIG_HOME": str(home),
            "NO_PROXY": "127.0.0.1",
            "STRIPE_CLI_TELEMETRY_OPTOUT": "1",
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.parametrize(
    ("name", "last"),
    [
        ("checkout.session.completed", "checkout.session.completed"),
        ("checkout.session.expired", "checkout.session.expired"),
        ("charge.refunded", "charge.refunded"),
        ("payment_intent.succeeded", "payment_intent.succeeded"),
    ],
)
def test_triggers(stripe_cli: Path, tmp_path: Path, sandbox: Calls, name: str, last: str) -> None:
    assert "Trigger succeeded!" in trigger(stripe_cli, tmp_path, sandbox, name)
    assert last in sandbox.event_types()


@pytest.mark.parametrize("ending", ["succeeded", "failed"])
def test_triggers_bank_debits(stripe_cli: Path, tmp_path: Path, sandbox: Calls, ending: str) -> None:
    sandbox.control("config", settle_after_seconds=0)
    assert "Trigger succeeded!" in trigger(
        stripe_cli, tmp_path, sandbox, f"checkout.session.async_payment_{ending}"
    )
    sandbox.wait_until(lambda: f"checkout.session.async_payment_{ending}" in sandbox.event_types())


def test_triggers_with_changed_parameters(stripe_cli: Path, tmp_path: Path, sandbox: Calls) -> None:
    name = "checkout.session.completed"
    said = trigger(stripe_cli, tmp_path, sandbox, name, "--add", "checkout_session:client_reference_id=order_7")
    assert "Trigger succeeded!" in said
    assert [each["client_reference_id"] for each in sandbox.look("sessions")["data"]] == ["order_7"]


def test_resends_an_event(stripe_cli: Path, tmp_path: Path, sandbox: Calls) -> None:
    sandbox.make_price()
    event = sandbox.look("events")["data"][0]
    done = subprocess.run(
        [stripe_cli, "events", "resend", event["id"], "--api-base", sandbox.url, "--api-key", sandbox.key],
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert event["id"] in done.stdout, done.stdout + done.stderr
