"""`storefront run`: everything with one command, again and again, and nothing left behind."""

import errno
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import pytest
import requests
from click.testing import CliRunner
from dotenv import dotenv_values
from flask import Flask

from storefront.app import create_app
from storefront.cli import main
from storefront.core.config.settings import ROOT, load_settings
from storefront.core.db import db
from storefront.devtools.local.keys import without_nulls
from storefront.devtools.local.one_at_a_time import demand_free, hold_folder
from storefront.devtools.local.pictures import MISSING, Pictures
from storefront.devtools.samples.folder import list_slugs
from storefront.devtools.samples.seed import add_pictures
from tests.support.ports import find_free_port
from tests.support.processes import children_of, is_gone, processes_of
from tests.support.recoded import recode_each_once
from tests.support.shop import PATIENCE_SECONDS, START_SECONDS, wait_for

pytestmark = pytest.mark.slow

NAMES = ("PORT", "SANDBOX_PORT", "MAILBOX_PORT", "SMTP_PORT")


def free_ports() -> dict[str, str]:
    return {name: str(find_free_port()) for name in NAMES}


def is_free(port: str) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", int(port))) != 0


# Whoever runs the tests in the background has told them to ignore the signals of a terminal.
STARTED = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.{handler})
signal.signal(signal.SIGHUP, signal.SIG_DFL)
os.execv(sys.executable, [sys.executable, "-m", "storefront", "run"])
"""


class Run:
    """One `storefront run` with what it said so far."""

    def __init__(self, environ: dict[str, str], *, in_background: bool = False) -> None:
        self.environ = environ
        self.process = subprocess.Popen(
            [sys.executable, "-c", STARTED.format(handler="SIG_IGN" if in_background else "SIG_DFL")],
            env={"PATH": os.environ["PATH"], "PYTHONWARNINGS": "error::ResourceWarning"} | environ,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self.said = ""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.said += line.decode()

    def wait_until_started(self) -> None:
        wait_for(
            lambda: "Ctrl-C stops everything" in self.said or self.process.poll() is not None,
            seconds=START_SECONDS,
        )
        assert self.process.poll() is None, self.said

    def get(self, path: str, name: str = "PORT") -> requests.Response:
        with requests.Session() as session:
            session.trust_env = False
            return session.get(f"http://127.0.0.1:{self.environ[name]}{path}", timeout=60)

    def stop(self, how: signal.Signals = signal.SIGINT) -> int:
        self.process.send_signal(how)
        return self.wait()

    def wait(self) -> int:
        code = self.process.wait(40)
        self._reader.join(5)
        return code


@pytest.fixture
def folder(first: "FirstRun", tmp_path: Path) -> Path:
    """A local shop that ran before, with nothing left to make: what is asked here is not how it is made."""
    data = tmp_path / "data"
    shutil.copytree(first.folder, data)
    (data / MISSING).unlink(missing_ok=True)
    return data


@contextmanager
def run(folder: Path, *, in_background: bool = False, **changes: str) -> Iterator[Run]:
    started = Run({"STOREFRONT_DATA": str(folder)} | free_ports() | changes, in_background=in_background)
    try:
        yield started
    finally:
        if started.process.poll() is None:
            started.process.terminate()
            started.wait()
        assert started.process.stdout
        started.process.stdout.close()


def ask(folder: Path, sql: str, *values: Any) -> list[Any]:
    with closing(sqlite3.connect(folder / "shop.db", timeout=60)) as connection, connection:
        return connection.execute(sql, values).fetchall()


@dataclass(slots=True, kw_only=True)
class FirstRun:
    """What was to be seen of the first run in a folder, while it ran and after Ctrl-C."""

    folder: Path
    ports: dict[str, str]
    said: str
    pages: dict[str, requests.Response]
    has_smtp: bool
    programs: int
    exit_code: int
    left_programs: list[int]
    left_ports: list[str]


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> FirstRun:
    folder = tmp_path_factory.mktemp("local") / "data"
    with run(folder) as started:
        started.wait_until_started()
        ports = started.environ
        pages = {name: started.get("/", name) for name in ("PORT", "SANDBOX_PORT", "MAILBOX_PORT")}
        # The worker is another program, and says so only when it has begun.
        wait_for(lambda: not started.get("/readyz").json()["warnings"], seconds=START_SECONDS)
        pages["ready"] = started.get("/readyz")
        has_smtp = not is_free(ports["SMTP_PORT"])
        programs = len(processes_of(folder))
        return FirstRun(
            folder=folder,
            ports=ports,
            pages=pages,
            has_smtp=has_smtp,
            programs=programs,
            exit_code=started.stop(signal.SIGINT),
            said=started.said,
            left_programs=processes_of(folder),
            left_ports=[name for name in NAMES if not is_free(ports[name])],
        )


def test_starts_everything_and_says_where(first: FirstRun) -> None:
    for title, name in (("Shop", "PORT"), ("Mailbox", "MAILBOX_PORT"), ("Sandbox", "SANDBOX_PORT")):
        assert re.search(rf"^  {title} +http://127\.0\.0\.1:{first.ports[name]}\b", first.said, re.MULTILINE)
        assert first.pages[name].status_code == 200
    assert first.pages["ready"].json() == {"status": "ok", "mode": "sandbox", "warnings": []}
    assert "Twinspot" in first.pages["PORT"].text
    assert first.has_smtp
    assert first.programs >= 5


def test_stops_everything_with_ctrl_c(first: FirstRun) -> None:
    assert first.exit_code == 0
    assert first.left_programs == []
    assert first.left_ports == []
    assert "Traceback" not in first.said


def test_keeps_its_keys_to_this_user(first: FirstRun) -> None:
    assert (first.folder / "secrets.env").stat().st_mode & 0o777 == 0o600
    assert not re.search("sk_test_|pk_test_|whsec_", first.said)


def add_most_pictures(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a longer first run would have: one product waits for its pictures, which is enough to see."""
    app = create_app(load_settings(without_nulls(dotenv_values(folder / "shop.env"))))
    monkeypatch.setattr("storefront.devtools.samples.seed.list_slugs", lambda: list_slugs()[:-1])
    with app.app_context():
        add_pictures()
        db.session.remove()
        db.engine.dispose()


def test_keeps_orders_and_keys_and_seeds_once(
    first: FirstRun, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = first.folder
    recode_each_once(monkeypatch, tmp_path_factory)
    add_most_pictures(folder, monkeypatch)
    products = ask(folder, "SELECT id, slug, created_at FROM products ORDER BY id")
    secrets = (folder / "secrets.env").read_text()
    ask(
        folder,
        "INSERT INTO customers (mode, email, email_key, token_seed, created_at)"
        " VALUES ('sandbox', 'a', 'a', x'00', '2026-11-02')",
    )
    with run(folder) as second:
        second.wait_until_started()
        assert second.get("/readyz").status_code == 200
        # The first run was too short.
        wait_for(lambda: not (folder / MISSING).exists(), seconds=5 * PATIENCE_SECONDS)
        assert second.stop(signal.SIGTERM) == 0
    assert processes_of(folder) == []
    assert ask(folder, "SELECT id, slug, created_at FROM products ORDER BY id") == products
    assert ask(folder, "SELECT email FROM customers") == [("a",)]
    assert ask(folder, "SELECT COUNT(*) FROM product_pictures") == [(17,)]
    assert (folder / "secrets.env").read_text() == secrets


def test_leaves_nothing_behind_when_ctrl_c_is_pressed_again_and_again(folder: Path) -> None:
    """In the background of a script, where programs are told to ignore Ctrl-C."""
    with run(folder, in_background=True) as started:
        started.wait_until_started()
        children = children_of(started.process.pid)
        assert len(children) == 5, "four programs, and who ends them where we cannot"
        for _ in range(20):
            if started.process.poll() is not None:
                break
            started.process.send_signal(signal.SIGINT)
            threading.Event().wait(0.05)
        assert started.wait() == 0
    assert processes_of(folder) == []
    assert all(is_gone(child) for child in children)


def test_stops_the_rest_when_one_program_ends_also_what_that_one_left_behind(folder: Path) -> None:
    """The web server's own processes outlive it when it is killed, and would keep its port."""
    with run(folder) as started:
        started.wait_until_started()
        (server,) = [
            number
            for number in processes_of(folder)
            if b"wsgi:app" in Path(f"/proc/{number}/cmdline").read_bytes() and children_of(number)
        ]
        os.kill(server, signal.SIGKILL)
        assert started.wait() == 1
        assert "The web server ended by itself; stopping the rest." in started.said
    assert processes_of(folder) == []


def run_and_fail(tmp_path: Path, **changes: str) -> str:
    """Without programs of its own: it ends before it starts any."""
    result = CliRunner().invoke(main, ["run"], env={"STOREFRONT_DATA": str(tmp_path)} | free_ports() | changes)
    assert result.exit_code == 1
    assert list(tmp_path.iterdir()) == []
    return result.output


@pytest.mark.parametrize("name", NAMES)
def test_says_in_one_line_which_port_is_taken(tmp_path: Path, name: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        said = run_and_fail(tmp_path, **{name: str(port)})
    assert said == (
        f"Error: Port {port} is taken by another program. Stop it, or choose another: {name}={port + 1} make run\n"
    )


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"PORT": "http"}, "Error: PORT=http must be a number from 1 to 65535.\n"),
        ({"SMTP_PORT": "70000"}, "Error: SMTP_PORT=70000 must be a number from 1 to 65535.\n"),
        (
            {"PORT": "45871", "SANDBOX_PORT": "45871"},
            "Error: Each of PORT, SANDBOX_PORT, MAILBOX_PORT, SMTP_PORT needs a port of its own.\n",
        ),
    ],
)
def test_says_in_one_line_which_port_is_wrong(tmp_path: Path, changes: dict[str, str], said: str) -> None:
    assert run_and_fail(tmp_path, **changes) == said


def test_says_in_one_line_that_its_folder_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    folder = tmp_path / "file" / "local"
    result = CliRunner().invoke(main, ["run"], env={"STOREFRONT_DATA": str(folder)} | free_ports())
    assert result.exit_code == 1
    assert result.output == (
        f"Error: {folder} cannot be written: Not a directory. "
        "Choose another folder: STOREFRONT_DATA=FOLDER make run\n"
    )


def test_says_which_process_holds_its_folder_and_starts_no_second_worker(tmp_path: Path) -> None:
    with hold_folder(tmp_path, "http://127.0.0.1:8000"):
        for changes in (free_ports(), {"PORT": "8000"}):
            result = CliRunner().invoke(main, ["run"], env={"STOREFRONT_DATA": str(tmp_path)} | changes)
            assert result.exit_code == 1
            assert result.output.startswith(
                f"Error: The shop of {tmp_path} runs already: process {os.getpid()}, http://127.0.0.1:8000. "
            )
    demand_free(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["running"]


@contextmanager
def hold_folder_of_nobody(folder: Path) -> Iterator[None]:
    """As `make run` does before it starts anything."""
    demand_free(folder)
    with hold_folder(folder, "http://127.0.0.1:8000"):
        yield


@pytest.mark.parametrize(
    ("call", "number"),
    [("fcntl.flock", errno.ENOLCK), ("os.write", errno.ENOSPC), ("pathlib.Path.open", errno.EACCES)],
)
def test_says_in_one_line_what_is_wrong_with_its_folder_where_nobody_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, number: int
) -> None:
    """No locks on a network's disk, a full disk, a file of another user."""
    (tmp_path / "running").write_text("process 1, http://127.0.0.1:8000")

    def fail(*_args: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(call, fail)
    with pytest.raises(click.ClickException) as refused, ExitStack() as stack:
        stack.enter_context(hold_folder_of_nobody(tmp_path))
    assert refused.value.message.startswith(f"{tmp_path} cannot be written: {os.strerror(number)}. ")


def test_brings_the_pictures_also_after_it_was_killed_right_after_the_products(app: Flask, tmp_path: Path) -> None:
    pictures = Pictures(app, tmp_path)
    with app.app_context(), pytest.MonkeyPatch.context() as patch:
        patch.setattr("storefront.devtools.local.pictures.seed_without_pictures", lambda: sys.exit("killed"))
        with pytest.raises(SystemExit):
            pictures.seed_without_them()
        patch.setattr("storefront.devtools.local.pictures.seed_without_pictures", lambda: False)
        pictures.seed_without_them()
        assert (tmp_path / MISSING).exists()
        (tmp_path / MISSING).unlink()
        pictures.seed_without_them()
        assert not (tmp_path / MISSING).exists()


def test_touches_nothing_of_a_shop_whose_settings_are_around_and_ends_with_its_terminal(
    folder: Path, tmp_path: Path
) -> None:
    """A developer's shell with live keys, another database, and a proxy that leads nowhere."""
    around = {
        "STRIPE_SECRET_KEY": "sk_live_1",
        "STRIPE_PUBLISHABLE_KEY": "pk_live_1",
        "STRIPE_API_BASE": "https://api.stripe.com",
        "DATABASE_URL": f"sqlite:///{tmp_path / 'live.db'}",
        "QUEUE_URL": f"sqlite:///{tmp_path / 'live-queue.db'}",
        "MAIL_SERVER": "mail.shop.example",
        "BASE_URL": "https://shop.example",
        "HTTP_PROXY": "http://127.0.0.1:9",
        "http_proxy": "http://127.0.0.1:9",
        "no_proxy": "shop.example",
    }
    with run(folder, in_background=False, **around) as started:
        started.wait_until_started()
        assert started.get("/readyz").json()["mode"] == "sandbox"
        command = [sys.executable, "-m", "storefront", "--local", "reconcile", "--json"]
        environ = {**os.environ, **around, "STOREFRONT_DATA": str(folder)}
        report = subprocess.run(command, env=environ, check=True, capture_output=True)
        assert json.loads(report.stdout)["fixed"] == []
        # A closed terminal.
        assert started.stop(signal.SIGHUP) == 0
    assert processes_of(tmp_path) == []
    assert list(tmp_path.iterdir()) == [folder]


def test_says_what_to_do_when_there_is_no_local_shop(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["--local", "seed"], env={"STOREFRONT_DATA": str(tmp_path)})
    assert result.exit_code == 1
    assert "type `make run` first" in result.output
