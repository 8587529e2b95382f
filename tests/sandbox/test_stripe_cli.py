"""The official, unmodified Stripe command line can trigger its Checkout scenarios against the sandbox."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.sandbox.calls import Calls
from tests.stripe_cli import find_stripe_cli, trigger

pytestmark = pytest.mark.stripe_cli


@pytest.fixture
def stripe_cli() -> Path:
    return find_stripe_cli()


@pytest.mark.parametrize(
    ("name", "last"),
    [
        ("checkout.session.completed", "checkout.session.completed"),
        ("checkout.session.expired", "checkout.session.expired"),
        ("charge.refunded", "charge.refunded"),
        ("charge.dispute.created", "charge.dispute.created"),
        ("charge.dispute.closed", "charge.dispute.closed"),
        ("payment_link.created", "payment_link.created"),
        ("price.created", "price.created"),
        ("product.created", "product.created"),
        ("payment_intent.succeeded", "payment_intent.succeeded"),
    ],
)
def test_triggers(stripe_cli: Path, tmp_path: Path, sandbox: Calls, name: str, last: str) -> None:
    assert "Trigger succeeded!" in trigger(stripe_cli, tmp_path, sandbox.url, sandbox.key, name)
    assert last in sandbox.event_types(without=())


@pytest.mark.parametrize("ending", ["succeeded", "failed"])
def test_triggers_bank_debits(stripe_cli: Path, tmp_path: Path, sandbox: Calls, ending: str) -> None:
    sandbox.control("config", settle_after_seconds=0)
    assert "Trigger succeeded!" in trigger(
        stripe_cli, tmp_path, sandbox.url, sandbox.key, f"checkout.session.async_payment_{ending}"
    )
    sandbox.wait_until(lambda: f"checkout.session.async_payment_{ending}" in sandbox.event_types())


def test_triggers_with_changed_parameters(stripe_cli: Path, tmp_path: Path, sandbox: Calls) -> None:
    name = "checkout.session.completed"
    said = trigger(
        stripe_cli,
        tmp_path,
        sandbox.url,
        sandbox.key,
        name,
        "--add",
        "checkout_session:client_reference_id=order_7",
    )
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
