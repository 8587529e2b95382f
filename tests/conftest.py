"""The parts every test may ask for: settings, a fresh database, the app, sandbox, mailbox, a running shop."""

import gc
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from flask import Flask
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from storefront.app import create_app
from storefront.cli.late_pages import LateShop
from storefront.core.config.settings import Settings, load_settings
from storefront.core.db import db
from storefront.devtools.sandbox.config import SandboxConfig
from storefront.devtools.sandbox.server import SandboxServer
from storefront.stripe_api.gateway import FOR_PAGES, Patience, set_up_gateway
from tests.support.databases import Databases, base_environment, databases, shared_folder
from tests.support.ports import find_free_port
from tests.support.quick_app import CompiledTemplates, SharedLateMap, SharedMap
from tests.support.quick_engine import make_quick
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import PATIENCE_SECONDS, Buyer, Shop
from tests.support.tidy_client import TidyClient
from tests.support.web_server import serve

if TYPE_CHECKING:
    from storefront.devtools.mailbox.server import MailboxServer

pytest_plugins = ["tests.support.browser", "tests.support.make_shop", "tests.support.s3", "tests.support.terminal"]

TESTS = Path(__file__).parent
# A page gives Stripe four seconds, and half a one in a queue. A busy machine can take longer, and is no fault.
PATIENT = Patience(connect=PATIENCE_SECONDS, read=PATIENCE_SECONDS, retries=FOR_PAGES.retries)
SELDOM_CHANGED = ("devtools/sandbox", "devtools/mailbox")
# By `make cluster` only: it needs programs that `make setup` does not bring.
collect_ignore = [] if "CLUSTER" in os.environ else ["cluster"]
# These take the longest, most of it waiting: they begin first, so that nobody waits for them at the end.
LONG = (
    "devtools/test_local.py",
    "owner/uploads/test_interrupted.py",
    "faults/test_big_files.py",
    "races/test_everyone_at_once.py",
    "sequences/test_any_order.py",
    "faults/test_slow_readers.py",
    "faults/test_slow_senders.py",
    "faults/test_half_done.py",
    "delivery/downloads/test_nginx.py",
    "owner/uploads/test_behind_nginx.py",
    "cli/test_serve.py",
    "soak/test_soak.py",
)
SALE = ("orders", "payments/checkout", "payments/fulfillment", "payments/webhook")


def pytest_configure() -> None:
    """Everything is on this machine: no test goes through a proxy, or looks for one before each call."""
    os.environ |= {"NO_PROXY": "127.0.0.1,localhost,[::1]", "no_proxy": "127.0.0.1,localhost,[::1]"}
    # Containers often set it. Each program that a test starts would then compile 350 files anew.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    _choose_examples()


def _choose_examples() -> None:
    """No example is held to a time. Each run has the same; `EXAMPLES=new` looks for others, `many` for many."""
    patient = hypothesis_settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
    hypothesis_settings.register_profile("new", patient)
    hypothesis_settings.register_profile("many", patient)
    hypothesis_settings.register_profile("same", patient, derandomize=True)
    hypothesis_settings.load_profile(os.environ.get("EXAMPLES", "same"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """`make check` has the rules, the pages, the sale itself and a happy path of what follows it.

    What else needs a sale first is `make test`'s, and so are sandbox and mailbox, which change seldom.
    """
    for item in items:
        package = item.path.parent.relative_to(TESTS).as_posix() if item.path.is_relative_to(TESTS) else ""
        if package in SELDOM_CHANGED:
            item.add_marker(pytest.mark.slow)
        if item.get_closest_marker("happy_path"):
            continue
        if package not in SALE and "sandbox" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)
    items.sort(key=lambda item: not item.path.as_posix().endswith(LONG))


def pytest_collection_finish() -> None:
    """What was imported and collected stays: looking through it again and again took a third of the time."""
    gc.freeze()
    gc.set_threshold(50_000, 10, 10)


@pytest.fixture(scope="session", autouse=True)
def _apps_are_made_quickly() -> Iterator[None]:
    Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": CompiledTemplates()}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Flask, "url_map_class", SharedMap)
        patch.setattr(LateShop, "url_map_class", SharedLateMap)
        yield


@pytest.fixture(autouse=True)
def _umask_is_given_back() -> Iterator[None]:
    """A command's umask is the process's, and tests that run commands share theirs with others."""
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.fixture(autouse=True)
def _push_request_context() -> None:
    """pytest-flask would keep one request context open for a whole test: a forgotten commit would pass."""


@pytest.fixture(scope="session")
def all_databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    folder = tmp_path_factory.mktemp("databases")
    with databases(folder, shared=shared_folder(tmp_path_factory, "databases")) as made:
        yield made


@pytest.fixture
def engine(request: pytest.FixtureRequest) -> str:
    """SQLite, unless a test asks for both: `@pytest.mark.parametrize("engine", BOTH, indirect=True)`."""
    return str(getattr(request, "param", "sqlite"))


@pytest.fixture(scope="session")
def sandbox_server() -> Iterator[SandboxServer]:
    with SandboxServer(SandboxConfig(port=0)) as server:
        yield server


@pytest.fixture
def sandbox(sandbox_server: SandboxServer) -> SandboxClient:
    """Started once, emptied for each test. Bank debits settle only when a test says so."""
    client = SandboxClient(sandbox_server)
    client.reset()
    client.control("config", settle_after_seconds=None)
    return client


@pytest.fixture(scope="session")
def mailbox_server(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[MailboxServer]":
    from storefront.devtools.mailbox.server import MailboxServer

    with MailboxServer(
        smtp_port=find_free_port(), web_port=0, data_path=tmp_path_factory.mktemp("mailbox") / "mail.db"
    ) as server:
        yield server


@pytest.fixture
def mailbox(mailbox_server: "MailboxServer") -> "MailboxServer":
    mailbox_server.clear()
    return mailbox_server


@pytest.fixture
def free_port() -> int:
    return find_free_port()


@pytest.fixture
def environment(
    request: pytest.FixtureRequest, all_databases: Databases, engine: str, tmp_path: Path
) -> dict[str, str]:
    """Knows the sandbox, the mailbox and the shop's own address when the test asks for them."""
    variables = base_environment(tmp_path) | {"DATABASE_URL": all_databases.make(engine, tmp_path)}
    wanted = request.fixturenames
    if "mailbox" in wanted:
        variables["MAIL_PORT"] = str(request.getfixturevalue("mailbox").smtp_port)
    if "sandbox" in wanted:
        sandbox: SandboxClient = request.getfixturevalue("sandbox")
        variables |= {
            "STRIPE_API_BASE": sandbox.url,
            "STRIPE_SECRET_KEY": sandbox.secret_key,
            "STRIPE_PUBLISHABLE_KEY": sandbox.publishable_key,
        }
    if "free_port" in wanted:
        variables["BASE_URL"] = f"http://127.0.0.1:{request.getfixturevalue('free_port')}"
    if "shop" in wanted:
        sandbox = request.getfixturevalue("sandbox")
        variables["STRIPE_WEBHOOK_SECRET"] = sandbox.add_endpoint(variables["BASE_URL"] + "/webhook")
    return variables


@pytest.fixture
def settings(environment: dict[str, str]) -> Settings:
    return load_settings(environment)


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    shop_app = create_app(settings)
    shop_app.test_client_class = TidyClient
    set_up_gateway(shop_app, settings, PATIENT)
    make_quick(shop_app)
    yield shop_app
    with shop_app.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def buyer(app: Flask) -> Buyer:
    return Buyer(app)


@pytest.fixture
def shop(
    free_port: int, sandbox: SandboxClient, mailbox: "MailboxServer", app: Flask, settings: Settings
) -> Iterator[Shop]:
    """The shop on a port of its own, with the sandbox's webhooks arriving and mail going to the mailbox."""
    with serve(app, port=free_port):
        yield Shop(app=app, url=settings.base_url, sandbox=sandbox, mailbox=mailbox)
        sandbox.control("reset", endpoints=False)
