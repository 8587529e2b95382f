"""The official, unmodified Stripe command line can trigger its Checkout scenarios against the sandbox."""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.devtools.sandbox.calls import Calls
from tests.devtools.sandbox.receiver import Receiver
from tests.support.stripe_cli import find_stripe_cli, trigger

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
        ("payment_method.attached", "payment_method.attached"),
    ],
)
def test_triggers_events_by_name(stripe_cli: Path, tmp_path: Path, sandbox: Calls, name: str, last: str) -> None:
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
    assert [entry["client_reference_id"] for entry in sandbox.look("sessions")["data"]] == ["order_7"]


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


@pytest.fixture
def listen(stripe_cli: Path, tmp_path: Path, sandbox: Calls) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """`stripe listen …`, ended by its own process id."""
    running: list[subprocess.Popen[str]] = []

    def start(*words: str) -> subprocess.Popen[str]:
        where = ["--api-base", sandbox.url, "--api-key", sandbox.key, "--skip-update"]
        home = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "STRIPE_CLI_TELEMETRY_OPTOUT": "1"}
        running.append(
            subprocess.Popen(
                [stripe_cli, "listen", *where, *words],
                env=home,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,  # npm's wrapper would leave the program behind
            )
        )
        return running[-1]

    yield start
    for process in running:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.communicate(timeout=60)


def test_prints_the_secret_to_listen_with(listen: Callable[..., subprocess.Popen[str]], sandbox: Calls) -> None:
    said, _ = listen("--print-secret").communicate(timeout=60)
    assert said.strip() == sandbox.server.store.listen_secret


@pytest.mark.parametrize(
    ("wanted", "kinds"),
    [
        (["--all-snapshot"], {"charge.succeeded", "checkout.session.completed"}),
        (["--events", "checkout.session.completed"], {"checkout.session.completed"}),
    ],
)
def test_forwards_what_was_asked_for(
    listen: Callable[..., subprocess.Popen[str]], sandbox: Calls, wanted: list[str], kinds: set[str]
) -> None:
    with Receiver() as receiver:
        receiver.secret = sandbox.server.store.listen_secret
        listen(*wanted, "--forward-to", receiver.url)
        sandbox.wait_until(lambda: sandbox.look("listeners")["listening"] == 1)
        sandbox.pay(sandbox.make_session().id)
        sandbox.wait_until(lambda: kinds <= set(receiver.types()))
        sandbox.wait_until(lambda: bool(sandbox.look("listeners")["forwarded"]))
        came = {entry.type for entry in receiver.received}
    assert kinds <= came
    assert len(wanted) == 1 or came == kinds
