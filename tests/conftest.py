"""The parts every test may ask for: settings, a fresh database, the app, sandbox, mailbox, a running shop."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from storefront.app import create_app
from storefront.config import Settings, load_settings
from storefront.db import db
from tests.databases import Databases, base_environment, databases


@pytest.fixture(autouse=True)
def _push_request_context() -> None:
    """pytest-flask would keep one request context open for a whole test: a forgotten commit would pass."""


@pytest.fixture(scope="session")
def all_databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    with databases(tmp_path_factory.mktemp("databases")) as made:
        yield made


@pytest.fixture
def engine(request: pytest.FixtureRequest) -> str:
    """SQLite, unless a test asks for both: `@pytest.mark.parametrize("engine", BOTH, indirect=True)`."""
    return str(getattr(request, "param", "sqlite"))


@pytest.fixture
def environment(all_databases: Databases, engine: str, tmp_path: Path) -> dict[str, str]:
    """Change it in a test's own fixture, before `app` is asked for."""
    return base_environment(tmp_path) | {"DATABASE_URL": all_databases.make(engine, tmp_path)}


@pytest.fixture
def settings(environment: dict[str, str]) -> Settings:
    return load_settings(environment)


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    made = create_app(settings)
    yield made
    with made.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: Any = probe.getsockname()[1]
        return int(port)
