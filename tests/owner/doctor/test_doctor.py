"""`storefront doctor`: what is tried, what it says, and that no check stops the others."""

import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Event

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy.exc import ProgrammingError

from storefront.core import clock
from storefront.core.config.settings import Settings
from storefront.core.runtime import runtime
from storefront.devtools.mailbox.server import MailboxServer
from storefront.owner.doctor.clocks import compare, look_at_clocks
from storefront.owner.doctor.engines import look_at_database, look_at_limits, look_at_mail, look_at_queue
from storefront.owner.doctor.examine import CHECKS, Check, examine, look_at_base_url
from storefront.owner.doctor.finding import Seen, ok
from storefront.owner.doctor.secrets import look_at_files, look_at_sealed_keys, look_at_secrets
from tests.cli.commands import read_json, run
from tests.support.databases import BOTH, Databases
from tests.support.rows import change_rows
from tests.support.sandbox_client import SandboxClient


def look(app: Flask, check: Check, shop: Settings) -> list[Seen]:
    with app.app_context():
        return list(check(shop))


def test_tries_everything_and_says_no_secret(
    app: Flask, settings: Settings, sandbox: SandboxClient, mailbox: MailboxServer, command: CliRunner
) -> None:
    result = run(command, "doctor")
    assert (result.exit_code, result.stderr) == (0, ""), result.output
    assert result.output.startswith("OK   database: SQLite ")
    assert "OK   clocks: This machine's clock and that of Stripe agree" in result.output
    assert "OK   mail_server: The mail server takes a connection (not encrypted)." in result.output
    assert "WARN status: The worker has not reported here yet" in result.output
    for secret in (settings.secret_key, settings.stripe_secret_key, *settings.stripe_webhook_secrets):
        assert secret not in result.output
    told = {(finding["name"], finding["level"]) for finding in read_json(command, "doctor")}
    assert {name for name, _level in told} == set(CHECKS) - {"limits", "address", "archive", "replica"}
    assert {name for name, level in told if level == "fail"} == set()


def test_ends_with_one_where_something_fails(
    app: Flask, sandbox: SandboxClient, mailbox: MailboxServer, command: CliRunner
) -> None:
    change_rows(app, "DROP TABLE measurements")
    result = run(command, "doctor")
    assert result.exit_code == 1
    assert "FAIL database: The shop cannot serve: " in result.output
    assert "OK   queue: " in result.output


@pytest.mark.usefixtures("sandbox", "mailbox")
@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_says_once_that_a_new_shop_has_no_tables(
    environment: dict[str, str], all_databases: Databases, engine: str, tmp_path: Path
) -> None:
    empty = all_databases.make_empty() if engine == "postgresql" else f"sqlite:///{tmp_path / 'new.db'}"
    result = run(CliRunner(env=environment | {"DATABASE_URL": empty, "STOREFRONT_ENV_FILE": ""}), "doctor")
    assert result.exit_code == 1
    assert (
        "FAIL database: The shop cannot serve: no tables in the database: run `storefront db upgrade`"
        in result.output
    )
    assert "This check broke" not in result.stdout
    for name in ("license_keys", "ready", "status"):
        assert f"WARN {name}: Not looked at, because the database fails (see above)." in result.output


def test_says_of_a_check_that_breaks_by_itself_that_it_broke(app: Flask) -> None:
    def breaks(_shop: Settings) -> list[Seen]:
        raise ProgrammingError("SELECT", {}, ValueError())

    checks: dict[str, Check] = {"database": lambda _shop: [ok("Yes.")], "status": breaks}
    with app.app_context():
        (_database, finding) = examine(checks)
    assert finding.text == "This check broke (ProgrammingError), which says nothing about the shop."


def test_goes_on_where_a_check_breaks_or_hangs(app: Flask) -> None:
    over = Event()

    def breaks(_shop: Settings) -> list[Seen]:
        raise ZeroDivisionError("hunter2")

    def hangs(_shop: Settings) -> list[Seen]:
        over.wait()
        return []

    checks: dict[str, Check] = {"breaks": breaks, "hangs": hangs, "works": lambda _shop: [ok("Yes.")]}
    with app.app_context():
        found = examine(checks, seconds=0.5)
    over.set()
    assert [(finding.name, finding.level.value, finding.text) for finding in found] == [
        ("breaks", "fail", "This check broke (ZeroDivisionError), which says nothing about the shop."),
        ("hangs", "fail", "No answer within 0.5 seconds."),
        ("works", "ok", "Yes."),
    ]


@pytest.mark.parametrize(
    ("seconds", "level", "words"),
    [
        (60, "ok", "agree (60 seconds)"),
        (61, "fail", "is 61 seconds ahead of that of Stripe"),
        (-61, "fail", "is 61 seconds behind that of Stripe"),
        (None, "warn", "cannot be read"),
    ],
)
def test_compares_two_clocks(seconds: int | None, level: str, words: str) -> None:
    ours = clock.now()
    seen, text = compare("Stripe", None if seconds is None else ours - timedelta(seconds=seconds), ours)
    assert (seen.value, words in text) == (level, True)


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_asks_either_database(app: Flask, settings: Settings, free_port: int) -> None:
    ((level, text),) = look(app, look_at_database, settings)
    assert (level.value, "answers and takes a write" in text) == ("ok", True)
    nobody = replace(settings, stripe_api_base=f"http://127.0.0.1:{free_port}")
    *of_database, (stripe, _text) = look(app, look_at_clocks, nobody)
    assert stripe.value == "warn"
    assert [seen.value for seen, _text in of_database] == ([] if "sqlite" in settings.database_url else ["ok"])


def test_names_the_setting_of_what_does_not_answer(
    app: Flask, settings: Settings, free_port: int, tmp_path: Path
) -> None:
    shop = replace(
        settings, mail_port=free_port, limits_url=f"redis://127.0.0.1:{free_port}", base_url="http://shop.example"
    )
    ((mail, why),) = look(app, look_at_mail, shop)
    ((limits, where),) = look(app, look_at_limits, shop)
    assert (mail.value, limits.value) == ("fail", "fail")
    assert "MAIL_SERVER" in why
    assert "LIMITS_URL" in where
    assert look(app, look_at_base_url, shop) == []  # it sells nothing yet
    Path(settings.queue_url.removeprefix("sqlite:///")).write_bytes(b"no database" * 100)
    ((queue, text),) = look(app, look_at_queue, shop)
    assert (queue.value, "QUEUE_URL" in text) == ("fail", True)


def test_looks_at_secrets_and_their_files(
    app: Flask, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = replace(settings, home=tmp_path, secret_key="x" * 31, old_secret_keys=("y" * 32,))
    dotenv = tmp_path / ".env"
    dotenv.touch()
    ((short, _text),) = look(app, look_at_secrets, shop)
    long_ago = (clock.now() - timedelta(days=91)).timestamp()
    os.utime(dotenv, (long_ago, long_ago))
    (_good, (old, text)) = look(app, look_at_secrets, replace(shop, secret_key="x" * 32))
    assert (short.value, old.value, "`keys seal` and `webhook rotate`" in text) == ("warn", "warn", True)
    assert "y" * 32 not in text
    key = tmp_path / "my key"
    key.write_text("sk")
    monkeypatch.setenv("STRIPE_SECRET_KEY_FILE", str(key))
    levels = []
    for mode in (0o600, 0o604):
        key.chmod(mode)
        ((level, text),) = look(app, look_at_files, shop)
        levels.append(level.value)
    assert levels == ["ok", "warn"]
    assert text.endswith(f": chmod o= '{key}'")


def test_says_before_license_keys_are_lost_with_an_old_secret(app: Flask, settings: Settings) -> None:
    said = []
    other = replace(settings, secret_key="z" * 32)
    for shop in (settings, replace(other, old_secret_keys=(settings.secret_key,)), other):
        runtime(app).settings = shop
        ((level, text),) = look(app, look_at_sealed_keys, shop)
        said.append((level.value, "keys seal" in text))
    runtime(app).settings = settings
    change_rows(app, "DELETE FROM data_keys")
    ((level, text),) = look(app, look_at_sealed_keys, settings)
    said.append((level.value, "keys seal" in text))
    assert said == [("ok", False), ("warn", True), ("fail", True), ("warn", True)]
