"""`storefront --help`: every command in one section, with a line, and without loading the shop."""

import json
import pkgutil
import platform
import subprocess
import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from importlib.metadata import version
from itertools import chain
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

import storefront.cli
from storefront.cli import main
from storefront.cli.commands import SECTIONS
from storefront.core.db import db
from storefront.migrations.head import head
from tests.support.databases import Databases, base_environment

ASK = """
import contextlib, json, sys
from storefront.cli import main
for words in json.loads(sys.argv[1]):
    with contextlib.suppress(SystemExit):
        main(words)
sys.stderr.write("\\n" + " ".join(sorted(name for name in sys.modules if "." not in name)))
"""
SERVE = """
import os, sys
from storefront.cli import main
os.execv = lambda _program, words: sys.exit(" ".join([*words, *sorted(sys.modules)]))
main(["serve"])
"""
HEAVY = {"alembic", "babel", "flask", "granian", "huey", "obstore", "prometheus_client", "sqlalchemy", "stripe"}
ELSEWHERE = {
    "DATABASE_URL": "postgresql://shop@db:5432/shop?sslmode=require",
    "DATABASE_READ_URL": "postgresql://shop@/shop?host=db1,db2&port=5432,5432",
    "QUEUE_URL": "postgresql://db1:5432,db2:5432/shop",
    "LIMITS_URL": "redis://redis:6379/1",
}
UNREAD = {"aiohttp", "alembic", "huey", "psycopg", "requests", "stripe", "webauthn"}
OF_PAGES = {"PIL", "flask_limiter", "flask_wtf", "wtforms"}
NAMES = sorted(name for section in SECTIONS.values() for name in section)
REFUSED = [
    ["nothing"],
    ["orders", "nothing"],
    ["orders", "list", "--limit", "some"],
    ["orders", "decide", "1", "nothing"],
    ["mail", "retry"],
    ["events", "run"],
    ["needs-you", "--done"],
    ["reconcile", "--since", "soon"],
    ["products", "set", "twinspot"],
    ["shop", "edit"],
    ["products", "set", "twinspot", "--license-until", "soon"],
    ["signing-keys", "revoke"],
]


def loaded_after(*commands: list[str], environ: Mapping[str, str] | None = None) -> set[str]:
    """Names of the packages that commands had to import, one after the other."""
    script = [sys.executable, "-c", ASK, json.dumps(commands)]
    done = subprocess.run(script, capture_output=True, text=True, timeout=60, check=True, env=environ or {})
    return set(done.stderr.splitlines()[-1].split())


def words_of(command: click.Command, *words: str) -> Iterator[list[str]]:
    """A command as it is typed, and every one below it."""
    yield list(words)
    if isinstance(command, click.Group):
        for name, below in command.commands.items():
            yield from words_of(below, *words, name)


def commands_below(group: click.Group) -> Iterator[click.Command]:
    for command in group.commands.values():
        yield command
        if isinstance(command, click.Group):
            yield from commands_below(command)


def test_shows_every_command_once_with_its_line() -> None:
    names = [name for section in SECTIONS.values() for name in section]
    assert sorted(names) == sorted(main.commands)
    assert len(set(names)) == len(names)
    assert {name: command.name for name, command in main.commands.items()} == {name: name for name in names}
    shown = CliRunner().invoke(main, ["--help"]).stdout.splitlines()
    for title, section in SECTIONS.items():
        assert f"{title}:" in shown
        for name, (_place, line) in section.items():
            assert [text.split(maxsplit=1) for text in shown].count([name, line]) == 1
            assert line.endswith(".")
    assert max(map(len, shown)) < 80


def test_says_which_version_it_is_without_loading_the_shop() -> None:
    said = CliRunner().invoke(main, ["--version"]).stdout
    assert said == f"storefront {version('storefront')}, schema {head()}, Python {platform.python_version()}\n"
    assert not loaded_after(["--version"]) & HEAVY


def test_lists_every_command_that_there_is() -> None:
    reachable = {id(command) for command in commands_below(main)} | {id(main)}
    for module in pkgutil.iter_modules(storefront.cli.__path__, "storefront.cli."):
        for name, value in vars(import_module(module.name)).items():
            assert not isinstance(value, click.Command) or id(value) in reachable, f"{module.name}:{name}"


def test_takes_no_number_that_no_database_takes() -> None:
    """A database raises for a number of more than 64 bits, or 32: such a command would end with a traceback."""
    params = chain.from_iterable(command.params for command in commands_below(main))
    numbers = [param for param in params if isinstance(param.type, click.types.IntParamType)]
    assert len(numbers) > 20
    open_ended = {str(param.name) for param in numbers if getattr(param.type, "max", None) is None}
    stored = {name for name in open_ended if not name.endswith(("port", "workers"))}
    assert stored == {"pool_low_at", "pool_very_low_at"}  # the settings have a most of their own
    refused = CliRunner().invoke(main, ["broadcasts", "send", "9" * 20])
    assert refused.exit_code == 2
    assert "is not in the range 1<=x<=2147483647" in refused.stderr


def test_loads_nothing_of_the_shop_to_say_what_there_is() -> None:
    assert "click" in loaded_after(["--help"])
    assert loaded_after(["--help"]) & HEAVY == set()


def test_loads_nothing_of_the_shop_to_explain_a_command() -> None:
    """All in one process: what one of them loads stays loaded."""
    assert len(NAMES) > 20
    commands = [[*words, "--help"] for name in NAMES for words in words_of(main.commands[name], name)]
    assert loaded_after(*commands) & HEAVY == set()


def test_loads_nothing_of_the_shop_to_refuse_what_was_mistyped() -> None:
    assert loaded_after(*REFUSED) & HEAVY == set()


@pytest.mark.parametrize("kept_in", [{}, ELSEWHERE])
def test_loads_nothing_of_the_shop_to_become_the_web_server(tmp_path: Path, kept_in: dict[str, str]) -> None:
    """Its processes load it, each for itself. Where the shop keeps its rows is read without who reads them."""
    script = [sys.executable, "-c", SERVE]
    environ = base_environment(tmp_path) | {"STOREFRONT_ENV_FILE": ""} | kept_in
    done = subprocess.run(
        script, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False, env=environ
    )
    assert " -m granian " in done.stderr
    assert set(done.stderr.split()) & (HEAVY | {"storefront.app", "psycopg", "redis"}) == {"granian"}


def test_loads_neither_stripe_nor_huey_to_read(tmp_path: Path, all_databases: Databases) -> None:
    """A fifth of what such a command takes."""
    all_databases.make("sqlite", tmp_path)
    loaded = loaded_after(["orders", "list"], environ=base_environment(tmp_path) | {"STOREFRONT_ENV_FILE": ""})
    assert "sqlalchemy" in loaded
    assert loaded & (UNREAD | OF_PAGES) == set()


def test_knows_every_table_without_pages() -> None:
    script = (
        "from storefront.base_app import TABLES; from storefront.core.db import db; print(*db.metadata.tables)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert set(done.stdout.split()) == set(db.metadata.tables)


def test_loads_in_a_server_what_commands_put_off(tmp_path: Path) -> None:
    """What is wrong with a library stops its start, and no buyer waits for it."""
    script = [sys.executable, "-c", "import sys, wsgi; print(*sys.modules)"]
    environ = base_environment(tmp_path) | {"STOREFRONT_ENV_FILE": ""}
    done = subprocess.run(script, capture_output=True, text=True, timeout=60, check=True, env=environ)
    assert {"stripe", "huey"} <= set(done.stdout.split())


def test_loads_alembic_only_to_migrate() -> None:
    """A tenth of what a process takes to begin; `storefront db upgrade` is another one."""
    script = [sys.executable, "-c", "import sys, storefront.app; print('alembic' in sys.modules)"]
    done = subprocess.run(script, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "False\n"
