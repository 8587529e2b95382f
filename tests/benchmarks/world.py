"""The world of a benchmark: a seeded database, the sandbox as a process, paid sessions, signed events."""

import json
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from flask import Flask
from flask.sessions import SecureCookieSessionInterface

from storefront.app import create_app
from storefront.core.config.settings import Settings, load_settings
from storefront.core.db import db
from storefront.shop.catalog import mirrors
from tests.benchmarks import load
from tests.benchmarks.servers import Server, free_port, granian, running
from tests.support.databases import Databases, base_environment
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import find_price, make_event, post_event, sign

if TYPE_CHECKING:
    from storefront.devtools.sandbox.server import SandboxServer

THREADS = 8
PAYERS = 4  # the sandbox does one thing at a time: more would only wait


@dataclass(frozen=True, slots=True, kw_only=True)
class _SandboxAddress:
    """What SandboxClient asks of a sandbox, for one that runs elsewhere."""

    url: str
    secret_key: str
    publishable_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """`app` is the shop in this process, to prepare rows with; what is measured runs in servers of its own."""

    folder: Path
    engine: str
    environment: dict[str, str]
    settings: Settings
    app: Flask
    sandbox: SandboxClient

    def pay_sessions(self, count: int) -> list[str]:
        """Ids of paid Checkout Sessions of this shop that its database has not seen."""
        price_id = find_price(self.app, "twinspot")
        with self.app.app_context():
            stripe_price = mirrors.ensure_mirrors([price_id])[price_id].stripe_price_id
            metadata = {"storefront": mirrors.shop_id()}
            db.session.remove()

        def pay(number: int) -> str:
            line = {"price": stripe_price, "quantity": 1}
            session_id = self.sandbox.create_session([line], metadata=metadata)
            self.sandbox.pay(session_id, email=f"buyer{number}@example.com")
            return session_id

        with ThreadPoolExecutor(PAYERS) as pool:
            return list(pool.map(pay, range(count)))

    def cart_cookie(self) -> str:
        """Of a browser with one thing in its cart."""
        serializer = SecureCookieSessionInterface().get_signing_serializer(self.app)
        assert serializer is not None
        value = serializer.dumps({"cart": [[find_price(self.app, "twinspot"), 1]]})
        return f"{self.app.config['SESSION_COOKIE_NAME']}={value!s}"

    def completed_event(self, session_id: str) -> dict[str, Any]:
        """The sandbox's own event, as large as Stripe sends it."""
        events = self.sandbox.stripe.v1.events.list({"type": "checkout.session.completed", "limit": 100})
        bodies: list[dict[str, Any]] = [event.to_dict(for_json=True) for event in events.data]
        return next(body for body in bodies if body["data"]["object"]["id"] == session_id)

    def handled_event(self) -> dict[str, Any]:
        """An event whose order is made and mailed for: whoever sends it again sends a duplicate."""
        event = self.completed_event(self.pay_sessions(1)[0])
        answer = post_event(self.app, event)
        assert answer.status_code == 200, answer.text
        assert post_event(self.app, event).get_json() == {"outcome": "duplicate"}
        return event

    def signed(self, path: str, event: dict[str, Any]) -> bytes:
        """Valid for five minutes."""
        body = json.dumps(event, indent=2).encode()
        signature = sign(self.settings, body)
        return load.request("POST", path, body=body, content_type="application/json", stripe_signature=signature)

    def invented(self, path: str, session_id: str) -> bytes:
        return self.signed(path, make_event("checkout.session.completed", session_id))

    @contextmanager
    def serving(self, name: str, command: list[str], port: int, **settings: str) -> Iterator[Server]:
        environment = self.environment | {"BASE_URL": f"http://127.0.0.1:{port}"} | settings
        log = self.folder / f"{name.replace(', ', '-').replace(' ', '-')}.log"
        with running(name, command, port=port, environment=environment, ready="/readyz", log=log) as server:
            yield server

    @contextmanager
    def both(self) -> Iterator[tuple[Server, Server]]:
        """The shop as `storefront serve` serves it, and the bare app on the same server with the same threads."""
        with ExitStack() as stack:
            shop = stack.enter_context(self.shop())
            port = free_port()
            command = granian("tests.benchmarks.bare:app", port=port, workers=1, threads=THREADS)
            yield shop, stack.enter_context(self.serving("bare", command, port))

    @contextmanager
    def guide(self, *, workers: int = 1) -> Iterator[Server]:
        """The handler of Stripe's guide, on the same server with the same threads."""
        port = free_port()
        command = granian("tests.benchmarks.guide:app", port=port, workers=workers, threads=THREADS)
        with self.serving("guide" if workers == 1 else f"guide, {workers} processes", command, port) as server:
            yield server

    @contextmanager
    def shop(self, *, workers: int = 1, **settings: str) -> Iterator[Server]:
        """As `storefront serve` serves it, with threads for downloads besides."""
        port = free_port()
        threads = THREADS + self.settings.download_threads
        command = granian("wsgi:app", port=port, workers=workers, threads=threads)
        name = "shop" if workers == 1 else f"shop, {workers} processes"
        with self.serving(name, command, port, **settings) as server:
            yield server


@contextmanager
def world(folder: Path, engine: str = "sqlite") -> Iterator[World]:
    """`engine` is "sqlite" or "postgresql", which waits for its disk at each commit as in a shop."""
    databases = Databases(folder / "template")
    try:
        with _world(folder, engine, databases.make(engine, folder)) as made:
            if engine == "postgresql":
                databases.wait_for_disks()
            yield made
    finally:
        databases.stop()


@contextmanager
def _world(folder: Path, engine: str, database_url: str) -> Iterator[World]:
    environment = base_environment(folder) | {"TRUSTED_PROXIES": "1", "WEB_THREADS": str(THREADS)}
    environment["DATABASE_URL"] = database_url
    port = free_port()
    keys = {
        "SANDBOX_SECRET_KEY": environment["STRIPE_SECRET_KEY"],
        "SANDBOX_PUBLISHABLE_KEY": environment["STRIPE_PUBLISHABLE_KEY"],
    }
    command = [sys.executable, "-m", "storefront", "sandbox", "--port", str(port)]
    command += ["--data", str(folder / "sandbox.db")]
    log = folder / "sandbox.log"
    with running("sandbox", command, port=port, environment=keys, ready="/_sandbox/requests", log=log) as server:
        environment["STRIPE_API_BASE"] = server.url
        address = _SandboxAddress(
            url=server.url,
            secret_key=environment["STRIPE_SECRET_KEY"],
            publishable_key=environment["STRIPE_PUBLISHABLE_KEY"],
        )
        settings = load_settings(environment)
        yield World(
            folder=folder,
            engine=engine,
            environment=environment,
            settings=settings,
            app=create_app(settings),
            sandbox=SandboxClient(cast("SandboxServer", address)),
        )
