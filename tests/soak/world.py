"""A whole shop under test: web server, worker, sandbox, an SMTP server, and somebody who keeps them up."""

import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import requests
from flask import Flask

from storefront.app import create_app
from storefront.core.config.settings import ROOT, load_settings
from storefront.core.db import db
from storefront.core.queue import QUEUE
from storefront.payments.checkout.payment_links import create_link
from storefront.worker import JOBS
from tests.soak.named_points import CLOCK, DEATHS, FOLDER, Fate
from tests.soak.post_office import HOST, PostOffice
from tests.soak.programs import STOREFRONT, Program, surroundings
from tests.support.bundles import add_bundle
from tests.support.databases import Databases, base_environment
from tests.support.discounts import discount
from tests.support.ports import find_free_port
from tests.support.rows import read_rows
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import START_SECONDS, find_price, wait_for

FORMS = ("embedded", "hosted", "elements")
COMMAND_SECONDS = 1800  # to compare 10,000 orders with Stripe takes minutes
WATCH_SECONDS = 0.2
DELIVERY_TRIES = [0.5, 2.0, 6.0]
CODE = "SOAK"
# As a shop that many visit: half of its events suffer something, and no two runs with one seed differ in which.
MISCHIEF = {"drop": 0.08, "duplicate": 0.25, "delay": 0.2, "reorder": 0.3, "longest_delay_seconds": 3.0}


@dataclass(slots=True, kw_only=True)
class World:
    """`app` is the shop in this process, to prepare rows with; whoever buys asks the web server."""

    folder: Path
    url: str
    environment: dict[str, str]
    app: Flask
    sandbox: SandboxClient
    stripe: Program
    web: Program
    worker: Program
    post: PostOffice
    prices: dict[tuple[str, str], int] = field(default_factory=dict)
    link: str = ""
    lapses: list[float] = field(default_factory=list)  # when a worker noted nothing, or wrongly, in Unix seconds
    _is_over: threading.Event = field(default_factory=threading.Event)

    @property
    def programs(self) -> tuple[Program, ...]:
        return (self.stripe, self.web, self.worker)

    def watch(self) -> None:
        """Start again what has ended, as a machine's service manager does."""
        while not self._is_over.wait(WATCH_SECONDS):
            for program in self.programs:
                program.keep_up()

    def end(self) -> None:
        self._is_over.set()

    def answers(self) -> bool:
        with suppress(requests.RequestException):
            return requests.get(f"{self.url}/readyz", timeout=5).status_code == 200
        return False

    def order_death(self, part: str, name: str, says: str = "") -> None:
        (self.folder / f"{part}.{name}").write_text(says, encoding="utf-8")

    def call_off_deaths(self) -> None:
        for part in ("web", "worker", "command"):
            for path in self.folder.glob(f"{part}.*"):
                path.unlink(missing_ok=True)

    def note_lapse(self) -> None:
        self.lapses.append(time.time())

    def deaths(self) -> list[tuple[float, str, str]]:
        """When, which part, at which point."""
        path = self.folder / DEATHS
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        return [(float(when), part, name) for when, part, name in (line.split() for line in lines)]

    def command(self, *arguments: str) -> int:
        """Run one of the shop's commands; a negative number is the signal that ended it, ours where it hangs."""
        with (self.folder / "commands.log").open("ab") as log:
            environment = surroundings(self.environment, "command")
            try:
                done = subprocess.run(
                    [*STOREFRONT, *arguments],
                    check=False,
                    cwd=ROOT,
                    env=environment,
                    stdout=log,
                    stderr=log,
                    timeout=COMMAND_SECONDS,
                    start_new_session=True,  # a Ctrl-C is not for it
                )
            except subprocess.TimeoutExpired:  # an hour of others is not lost for it
                return -signal.SIGKILL
        return done.returncode

    def advance(self, seconds: float) -> None:
        """Let this time pass at once: for the shop's programs and for Stripe."""
        ahead = Fate(self.folder, "web").seconds_ahead() + seconds
        self.set_ahead(ahead)
        self.sandbox.control("clock", offset_seconds=int(ahead))

    def set_ahead(self, seconds: float) -> None:
        written = self.folder / f"{CLOCK}.new"
        written.write_text(str(seconds), encoding="utf-8")
        written.rename(self.folder / CLOCK)

    def nudge_all(self) -> None:
        """As each minute of the worker's clock does."""
        for name in JOBS:
            QUEUE.get(self.app).nudge(name)

    def count_waiting(self) -> int:
        """Emails that are still to leave, and deliveries of Stripe's on their way."""
        rows = read_rows(self.app, "SELECT COUNT(*) AS n FROM outbox WHERE state IN ('queued', 'sending')")
        return int(rows[0]["n"]) + self.count_deliveries()

    def count_deliveries(self) -> int:
        """Of Stripe's, on their way or waiting for the next try."""
        states = ("pending", "in_flight")
        return sum(len(self.sandbox.read(f"deliveries?state={state}")["data"]) for state in states)


def _sandbox_environment(environment: dict[str, str]) -> dict[str, str]:
    return environment | {
        "SANDBOX_SECRET_KEY": environment["STRIPE_SECRET_KEY"],
        "SANDBOX_PUBLISHABLE_KEY": environment["STRIPE_PUBLISHABLE_KEY"],
    }


def _sandbox_client(url: str, environment: dict[str, str]) -> SandboxClient:
    keys = {
        "secret_key": environment["STRIPE_SECRET_KEY"],
        "publishable_key": environment["STRIPE_PUBLISHABLE_KEY"],
    }
    return SandboxClient(cast("Any", SimpleNamespace(url=url, **keys)))


def _wait_for_sandbox(url: str) -> None:
    def answers() -> bool:
        with suppress(requests.RequestException):
            return requests.get(f"{url}/_sandbox/health", timeout=5).status_code == 200
        return False

    wait_for(answers, seconds=START_SECONDS)


def _prepare(world: World, seed: int) -> None:
    """Sell something of everything, and let half of all events suffer."""
    app = world.app
    add_bundle(app)
    trouble = discount(app, CODE)
    assert not trouble, trouble
    for slug, edition in (
        ("twinspot", "Personal"),
        ("the-patient-toolmaker", ""),
        ("soft-taps", "One project"),
        ("gridling", ""),
        ("starter-kit", "Kit"),
    ):
        world.prices[slug, edition] = find_price(app, slug, edition)
    with app.app_context():
        world.link = create_link(["twinspot/Personal"]).url
        db.session.remove()
    config = {"retry_delays": DELIVERY_TRIES, "settle_after_seconds": None, "completion_wait_seconds": 2.0}
    world.sandbox.control("config", **config)
    world.sandbox.control("mischief", seed=seed, **MISCHIEF)


@contextmanager
def open_world(folder: Path, databases: Databases, engine: str, seed: int) -> Iterator[World]:
    url, stripe_url = (f"http://{HOST}:{find_free_port()}" for _ in range(2))
    post = PostOffice(find_free_port())
    environment = base_environment(folder) | {
        "DATABASE_URL": databases.make(engine, folder),
        "BASE_URL": url,
        "STRIPE_API_BASE": stripe_url,
        "MAIL_PORT": str(post.port),
        "TRUSTED_PROXIES": "1",
        FOLDER: str(folder),
    }
    port = stripe_url.rsplit(":", 1)[1]
    sandbox_arguments = ("sandbox", "--port", port, "--data", str(folder / "sandbox.db"))
    sandbox = _sandbox_client(stripe_url, environment)
    stripe = Program(
        name="sandbox",
        part="sandbox",
        arguments=sandbox_arguments,
        environment=_sandbox_environment(environment),
        folder=folder,
    )
    stripe.start()
    try:
        _wait_for_sandbox(stripe_url)
        environment["STRIPE_WEBHOOK_SECRET"] = sandbox.add_endpoint(f"{url}/webhook")
        web_arguments = ("serve", "--port", url.rsplit(":", 1)[1], "--workers", "2")
        world = World(
            folder=folder,
            url=url,
            environment=environment,
            app=create_app(load_settings(environment)),
            sandbox=sandbox,
            stripe=stripe,
            web=Program(
                name="web", part="web", arguments=web_arguments, environment=dict(environment), folder=folder
            ),
            worker=Program(
                name="worker", part="worker", arguments=("worker",), environment=environment, folder=folder
            ),
            post=post,
        )
        with _running(world, seed):
            yield world
    finally:
        stripe.stop()


@contextmanager
def _running(world: World, seed: int) -> Iterator[None]:
    _prepare(world, seed)
    world.post.open()
    world.web.environment["CHECKOUT_UI"] = FORMS[0]
    world.web.start()
    world.worker.start()
    watcher = threading.Thread(target=world.watch, daemon=True)
    try:
        wait_for(world.answers, seconds=START_SECONDS)
        watcher.start()
        yield
    finally:
        world.end()
        if watcher.is_alive():
            watcher.join()
        for program in (world.web, world.worker):
            program.stop()
        world.post.behave()
        world.post.close()
        with world.app.app_context():
            db.session.remove()
            db.engine.dispose()


def drain(world: World, *, rounds: int = 14) -> float:
    """Let all that is owed arrive: the trouble is over, and time passes quickly. Returns the seconds it took."""
    begun = time.monotonic()
    for number in range(rounds):
        world.advance(DRAIN_SECONDS[min(number, len(DRAIN_SECONDS) - 1)])
        if number == 1:
            _do_as_an_owner_does(world)
        world.nudge_all()
        if wait_while_it_moves(world.count_waiting) == 0 and number >= FEWEST_ROUNDS:
            break
    return time.monotonic() - begun


def wait_while_it_moves(count: Callable[[], int]) -> int:
    """Wait until it is 0, or has been the same for a while: what is left waits for a later hour."""
    left, since = count(), time.monotonic()
    while left and time.monotonic() - since < DRAIN_PATIENCE_SECONDS:
        time.sleep(0.3)
        now = count()
        left, since = (left, since) if now == left else (now, time.monotonic())
    return left


def _do_as_an_owner_does(world: World) -> None:
    """What failed for good goes out again, and what no event told is looked for."""
    if read_rows(world.app, "SELECT id FROM outbox WHERE state = 'failed' LIMIT 1"):
        world.command("mail", "retry", "--failed")
    begun = time.monotonic()
    while world.command("reconcile") and time.monotonic() - begun < COMMAND_SECONDS:
        time.sleep(RECONCILE_AGAIN_SECONDS)  # the worker's pass is under way, and began before the last sales


DRAIN_SECONDS = (150, 16 * 60, 6 * 60, 31 * 60, 6 * 60, 121 * 60)
DRAIN_PATIENCE_SECONDS = 8
RECONCILE_AGAIN_SECONDS = 5
FEWEST_ROUNDS = 3
