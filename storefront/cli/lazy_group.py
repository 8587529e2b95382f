"""A group that knows its commands by name, and imports one only when it is called.

Importing the whole shop takes longer than most commands do. So the names and their lines of help are a table.
"""

from collections.abc import Iterator, MutableMapping
from importlib import import_module
from typing import Any

import click

from storefront.cli.devtools_door import devtools_needed
from storefront.cli.terminal import PlainGroup

# Title of a section -> name of a command -> (where it is, as `module:attribute`; its line of help).
Sections = dict[str, dict[str, tuple[str, str]]]


class LazyCommands(MutableMapping[str, click.Command]):
    """The commands by name. Listing the names imports nothing; asking for one command imports its module."""

    def __init__(self, places: dict[str, str]) -> None:
        self._commands: dict[str, str | click.Command] = {**places}

    def __getitem__(self, name: str) -> click.Command:
        command = self._commands[name]
        if isinstance(command, str):
            command = self._commands[name] = _load(command)
        return command

    def __setitem__(self, name: str, command: click.Command) -> None:
        self._commands[name] = command

    def __delitem__(self, name: str) -> None:
        del self._commands[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._commands)

    def __len__(self) -> int:
        return len(self._commands)


def _load(place: str) -> click.Command:
    module, attribute = place.split(":")
    with devtools_needed():
        command: click.Command = getattr(import_module(module), attribute)
    return command


class LazyGroup(PlainGroup):
    """Its help shows the sections in the order of the table, one line for each command."""

    def __init__(self, *, sections: Sections, **kwargs: Any) -> None:  # noqa: ANN401 - as in click
        self.sections = sections
        places = {name: place for section in sections.values() for name, (place, _line) in section.items()}
        super().__init__(commands=LazyCommands(places), **kwargs)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        width = max(len(name) for name in self.commands)
        for title, section in self.sections.items():
            with formatter.section(title):
                formatter.write_dl([(name.ljust(width), line) for name, (_place, line) in section.items()])
