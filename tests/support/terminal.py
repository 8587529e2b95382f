"""A terminal with the settings of the shop under test."""

from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from storefront.cli.root import main

Run = Callable[..., Result]


@pytest.fixture
def command(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.setenv("STOREFRONT_ENV_FILE", "")
    return CliRunner(env=environment)


@pytest.fixture
def run(command: CliRunner, app: Flask) -> Run:
    """Runs what an owner types: `run("keys", "import", slug, stdin=keys)`; `stdin` comes through a pipe."""

    def call(*words: object, stdin: str | bytes | None = None) -> Result:
        return command.invoke(main, [*map(str, words)], input=stdin)

    return call
