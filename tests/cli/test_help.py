"""`storefront --help`: every command in one section, with a line, and without loading the shop."""

import pkgutil
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module

import click
from click.testing import CliRunner

import storefront.cli
from storefront.cli import main
from storefront.cli.commands import SECTIONS

ASKED_FOR_HELP = """
import sys
from storefront.cli import main
main({words!r}, standalone_mode=False)
sys.stderr.write(" ".join(sorted(name for name in sys.modules if "." not in name)))
"""
HEAVY = {"alembic", "babel", "flask", "granian", "huey", "obstore", "prometheus_client", "sqlalchemy", "stripe"}


def loaded_after(*words: str) -> set[str]:
    """Names of the packages that a command had to import."""
    script = ASKED_FOR_HELP.format(words=list(words))
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    return set(done.stderr.split())


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


def test_lists_every_command_that_there_is() -> None:
    reachable = {id(command) for command in commands_below(main)} | {id(main)}
    for module in pkgutil.iter_modules(storefront.cli.__path__, "storefront.cli."):
        for name, value in vars(import_module(module.name)).items():
            assert not isinstance(value, click.Command) or id(value) in reachable, f"{module.name}:{name}"


def test_loads_nothing_of_the_shop_to_say_what_there_is() -> None:
    assert "click" in loaded_after("--help")
    assert loaded_after("--help") & HEAVY == set()
