"""A shop that is backed up, and where to."""

from pathlib import Path

import pytest
from flask import Flask

from tests.owner.backup.shops import Machine


@pytest.fixture
def machine(app: Flask, environment: dict[str, str]) -> Machine:
    return Machine(environment)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "backups"
