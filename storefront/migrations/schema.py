"""Which migration the code expects, and how to get there without a command line."""

from functools import cache

from alembic.config import Config
from alembic.script import ScriptDirectory
from flask import Flask
from flask_migrate import upgrade as _upgrade

from storefront.core.config.settings import ROOT

FOLDER = ROOT / "storefront" / "migrations"


@cache
def head() -> str | None:
    """Read once: every migration's file is opened for it."""
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    return ScriptDirectory.from_config(config).get_current_head()


def upgrade(app: Flask) -> None:
    with app.app_context():
        _upgrade(directory=str(FOLDER))
