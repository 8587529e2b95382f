"""One sandbox for all tests of it, emptied before each; a webhook receiver per test."""

import dataclasses
from collections.abc import Iterator

import pytest
import stripe

from storefront.devtools.sandbox.config import SandboxConfig
from storefront.devtools.sandbox.server import SandboxServer
from storefront.devtools.sandbox.settings import Settings
from tests.devtools.sandbox.calls import Calls
from tests.devtools.sandbox.receiver import Receiver

# Bank debits settle only on command, so that no test waits for a clock.
QUIET = dataclasses.replace(Settings(), settle_after_seconds=None)


@pytest.fixture(scope="session", autouse=True)
def _no_telemetry() -> None:
    """The SDK would write an id into the developer's home."""
    stripe.enable_telemetry = False


@pytest.fixture(scope="session")
def server() -> Iterator[SandboxServer]:
    with SandboxServer(SandboxConfig(port=0, settings=QUIET)) as running:
        yield running


@pytest.fixture
def sandbox(server: SandboxServer) -> Iterator[Calls]:
    calls = Calls(server)
    calls.control("reset", endpoints=False)
    yield calls
    calls.close()


@pytest.fixture
def receiver(sandbox: Calls) -> Iterator[Receiver]:
    """Listens to everything."""
    with Receiver() as listening:
        params = {"url": listening.url, "enabled_events": ["*"]}
        listening.secret = str(sandbox.v1.webhook_endpoints.create(params).secret)  # type: ignore[arg-type]
        yield listening
        sandbox.control("reset", endpoints=False)
