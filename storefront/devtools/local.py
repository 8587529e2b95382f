"""`make run`: database, sample products, sandbox, mailbox, worker and web server on this machine, together.

Safe to run again: orders stay, products are seeded once, keys are made once. All of it is kept in `var/local/`, or
in the folder that `STOREFRONT_DATA` names.
"""

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, MutableMapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

import click
from dotenv import dotenv_values

from storefront.app import create_app
from storefront.core.config.settings import ROOT, load_settings
from storefront.devtools.samples.seed import seed
from storefront.migrations import schema

HOST = "127.0.0.1"
START_SECONDS = 120  # a program that ends is seen at once; a small machine may take its time
STOP_SECONDS = 10
# Settings a shop in production has; the local one must not use its database, mail server or keys by accident.
NOT_INHERITED = ("STRIPE_", "DATABASE_", "QUEUE_", "FILES_", "MAIL_", "SECRET_KEY", "BASE_URL", "LIMITS_")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    shop: int
    sandbox: int
    mailbox: int
    smtp: int


def read_ports(environ: Mapping[str, str]) -> Ports:
    """`PORT`, `SANDBOX_PORT`, `MAILBOX_PORT` and `SMTP_PORT`, or their defaults; each must be free."""
    defaults = {"PORT": 8000, "SANDBOX_PORT": 12111, "MAILBOX_PORT": 8025, "SMTP_PORT": 1025}
    found: dict[str, int] = {}
    for name, default in defaults.items():
        raw = environ.get(name, "") or str(default)
        if not (raw.isascii() and raw.isdigit() and 0 < int(raw) < 65536):
            raise click.ClickException(f"{name}={raw} must be a number from 1 to 65535.")
        found[name] = int(raw)
        if is_taken(found[name]):
            raise click.ClickException(
                f"Port {raw} is taken by another program. "
                f"Stop it, or choose another: {name}={int(raw) + 1} make run"
            )
    if len(set(found.values())) != len(found):
        raise click.ClickException(f"Each of {', '.join(found)} needs a port of its own.")
    return Ports(
        shop=found["PORT"],
        sandbox=found["SANDBOX_PORT"],
        mailbox=found["MAILBOX_PORT"],
        smtp=found["SMTP_PORT"],
    )


def is_taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return True
    return False


def read_secrets(folder: Path) -> dict[str, str]:
    """Made at the first run, readable by this user only. They look like Stripe's test keys and open nothing."""
    path = folder / "secrets.env"
    known = {name: value or "" for name, value in dotenv_values(path).items()} if path.exists() else {}
    made = {
        "SECRET_KEY": secrets.token_hex(32),
        "STRIPE_SECRET_KEY": f"sk_test_{secrets.token_hex(16)}",
        "STRIPE_PUBLISHABLE_KEY": f"pk_test_{secrets.token_hex(16)}",
        "STRIPE_WEBHOOK_SECRET": f"whsec_{secrets.token_hex(16)}",
        "STRIPE_LISTEN_SECRET": f"whsec_{secrets.token_hex(16)}",
    } | known
    if made != known:
        folder.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(".new")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.writelines(f"{name}={value}\n" for name, value in made.items())
        draft.replace(path)
    return made


def build_environment(environ: Mapping[str, str], ports: Ports, folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in environ.items() if not name.startswith(NOT_INHERITED)}
    known = read_secrets(folder)
    direct, listening = known["STRIPE_WEBHOOK_SECRET"], known["STRIPE_LISTEN_SECRET"]
    return {
        **kept,
        **known,
        "STRIPE_WEBHOOK_SECRET": f"{direct},{listening}",  # events come straight, and through `stripe listen`
        "SANDBOX_WEBHOOK_SECRET": direct,
        "SANDBOX_LISTEN_SECRET": listening,
        "STOREFRONT_ENV_FILE": "",
        "BASE_URL": f"http://{HOST}:{ports.shop}",
        "DATABASE_URL": f"sqlite:///{folder / 'shop.db'}",
        "QUEUE_URL": f"sqlite:///{folder / 'queue.db'}",
        "FILES_URL": (folder / "files").absolute().as_uri(),
        "STRIPE_API_BASE": f"http://{HOST}:{ports.sandbox}",
        "MAIL_SERVER": HOST,
        "MAIL_PORT": str(ports.smtp),
        "MAIL_FROM": "shop@storefront.example",
        "OWNER_EMAIL": environ.get("OWNER_EMAIL", "owner@storefront.example"),
        "NO_PROXY": f"{HOST},localhost",
        "no_proxy": f"{HOST},localhost",  # the lower-case name wins where both are known
    }


def settings_path(environ: Mapping[str, str]) -> Path:
    return ROOT / (environ.get("STOREFRONT_DATA") or "var/local") / "shop.env"


def _keep_settings(environ: Mapping[str, str], env: Mapping[str, str]) -> None:
    """For `storefront --local`: the settings of the shop that runs, readable by this user only."""
    path = settings_path(environ)
    names = sorted(name for name in env if name.startswith((*NOT_INHERITED, "OWNER_", "NO_PROXY", "no_proxy")))
    quoted = {name: env[name].replace("\\", "\\\\").replace("'", "\\'") for name in names}
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.writelines(f"{name}='{value}'\n" for name, value in quoted.items())


def use_local_settings(environ: MutableMapping[str, str]) -> None:
    """Make this process's settings those of the shop that `make run` started last.

    Raises:
        click.ClickException: it never ran here.
    """
    path = settings_path(environ)
    if not path.exists():
        raise click.ClickException("There is no local shop yet: type `make run` first.")
    for name in [name for name in environ if name.startswith(NOT_INHERITED)]:
        del environ[name]
    environ.update({name: value or "" for name, value in dotenv_values(path, interpolate=False).items()})
    environ["STOREFRONT_ENV_FILE"] = ""


def _commands(ports: Ports, env: Mapping[str, str], folder: Path) -> dict[str, list[str]]:
    ours = [sys.executable, "-m", "storefront"]
    return {
        "sandbox": [
            *ours, "sandbox", "--port", str(ports.sandbox), "--data", str(folder / "sandbox.db"),
            "--webhook-url", f"{env['BASE_URL']}/webhook",
        ],
        "mailbox": [
            *ours, "mailbox", "--port", str(ports.mailbox), "--smtp-port", str(ports.smtp),
            "--data", str(folder / "mailbox.db"),
        ],
        "worker": [*ours, "worker"],
        "web server": [*ours, "serve", "--port", str(ports.shop)],
    }  # fmt: skip


class _End:
    """Ctrl-C, SIGTERM or a closed terminal. Not raised once programs start: the one in hand would be lost."""

    def __init__(self) -> None:
        self.has_programs = False
        self.is_asked = False
        # Set by hand: in the background of a script SIGINT is ignored, and that is inherited.
        signal.signal(signal.SIGINT, self._ask)
        signal.signal(signal.SIGTERM, self._ask)
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # `nohup make run` is meant to stay
            signal.signal(signal.SIGHUP, self._ask)

    def _ask(self, _number: int, _frame: object) -> None:
        if not self.has_programs:
            raise KeyboardInterrupt
        self.is_asked = True


def run_local(environ: Mapping[str, str]) -> int:
    """Until Ctrl-C, SIGTERM, SIGHUP, or until one of the programs ends; returns the exit code."""
    ports = read_ports(environ)
    end = _End()
    folder = ROOT / (environ.get("STOREFRONT_DATA") or "var/local")
    env = build_environment(environ, ports, folder)
    app = create_app(load_settings(env))
    schema.upgrade(app)
    with app.app_context():
        seed()
    _keep_settings(environ, env)
    env["SANDBOX_SECRET_KEY"] = env["STRIPE_SECRET_KEY"]
    env["SANDBOX_PUBLISHABLE_KEY"] = env["STRIPE_PUBLISHABLE_KEY"]
    running: dict[str, subprocess.Popen[bytes]] = {}
    end.has_programs = True
    try:
        for name, command in _commands(ports, env, folder).items():
            # A session of its own: Ctrl-C reaches this program, which then ends the others in order.
            running[name] = subprocess.Popen(command, env=env, cwd=ROOT, start_new_session=True)  # noqa: S603
        if _wait_until_ready(env["BASE_URL"] + "/readyz", running, end):
            _print_addresses(ports)
            name_of_ended = _watch(running, end)
            if name_of_ended is not None:
                click.echo(f"The {name_of_ended} ended by itself; stopping the rest.", err=True)
                return 1
        click.echo("\nStopping.")
        return 0
    finally:
        _stop(running)


def _ended(running: Mapping[str, subprocess.Popen[bytes]]) -> str | None:
    return next((name for name, process in running.items() if process.poll() is not None), None)


def _wait_until_ready(url: str, running: Mapping[str, subprocess.Popen[bytes]], end: _End) -> bool:
    """False when it is to end before it was ready."""
    direct = build_opener(ProxyHandler({}))  # whatever proxy the environment names
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if end.is_asked:
            return False
        name = _ended(running)
        if name:
            raise click.ClickException(f"The {name} did not start; its last lines above say why.")
        try:
            with direct.open(url, timeout=2) as answer:
                if answer.status == 200:
                    return True
        except (URLError, OSError):
            time.sleep(0.1)
    raise click.ClickException(f"The shop did not answer within {START_SECONDS} seconds.")


def _print_addresses(ports: Ports) -> None:
    click.echo(
        f"""
  Shop      http://{HOST}:{ports.shop}
  Mailbox   http://{HOST}:{ports.mailbox}   every mail the shop sends
  Sandbox   http://{HOST}:{ports.sandbox}  the local Stripe: events, deliveries, bank debits

  Pay with 4242 4242 4242 4242, any future date, any CVC. No money moves. Ctrl-C stops everything.
"""
    )


def _watch(running: Mapping[str, subprocess.Popen[bytes]], end: _End) -> str | None:
    """The program that ended by itself; None when all are to end."""
    while not end.is_asked:
        name = _ended(running)
        if name:
            return name
        time.sleep(0.2)
    return None


def _stop(running: dict[str, subprocess.Popen[bytes]]) -> None:
    """The web server first, so that nobody pays into a shop that is going down. Another Ctrl-C changes nothing.

    A program that does not end is killed with its group, and so is what one left behind: the web server has
    processes of its own, which would keep the port.
    """
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    for process in reversed(running.values()):
        if process.poll() is None:
            process.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    for process in running.values():
        with suppress(subprocess.TimeoutExpired):
            process.wait(max(0.1, deadline - time.monotonic()))
        with suppress(ProcessLookupError, PermissionError):  # macOS refuses a group that has only just ended
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
