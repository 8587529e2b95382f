"""A terminal with the settings of the shop under test."""

import pytest
from click.testing import CliRunner


@pytest.fixture
def command(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.setenv("STOREFRONT_ENV_FILE", "")
    return CliRunner(env=environment)
