"""A shop for each mode, without a database."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from storefront.app import create_app
from storefront.config import load_settings
from storefront.db import db
from tests.databases import base_environment
from tests.ground.shops import MakeShop, wrong


@pytest.fixture
def make_shop(tmp_path: Path) -> Iterator[MakeShop]:
    """`make_shop(**settings)`: a shop without a database, for what needs none."""
    made: list[Flask] = []

    def make(**changes: str) -> Flask:
        app = create_app(load_settings(base_environment(tmp_path) | changes))
        app.register_blueprint(wrong)
        made.append(app)
        return app

    yield make
    for app in made:
        with app.app_context():
            db.session.remove()
            db.engine.dispose()
