"""Commands as an owner types them, and a sale to act on."""

import json
from typing import Any

import click
from click.testing import CliRunner, Result

from storefront.cli import main


def run(command: CliRunner, *words: str) -> Result:
    return command.invoke(main, list(words))


def done(command: CliRunner, *words: str) -> str:
    """What a command that has to work prints."""
    answer = run(command, *words)
    assert answer.exit_code == 0, answer.output
    return answer.stdout


def refused(command: CliRunner, *words: str) -> str:
    """The sentence of a command that has to refuse."""
    answer = run(command, *words)
    assert answer.exit_code == 1, answer.output
    assert answer.stdout == ""
    return answer.stderr


def read_json(command: CliRunner, *words: str) -> Any:
    return json.loads(done(command, *words, "--json"))


def find_commands(group: click.Group, *before: str) -> dict[str, click.Command]:
    """Every command by its words, those of groups too."""
    commands: dict[str, click.Command] = {}
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            commands |= find_commands(command, *before, name)
        else:
            commands[" ".join((*before, name))] = command
    return commands
