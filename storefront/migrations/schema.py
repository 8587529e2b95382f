"""Which migration the code expects, and how to get there without a command line."""

from alembic.config import Config
from alembic.script import ScriptDirectory
from flask import Flask
from flask_migrate import upgrade as _upgrade

from storefront.config import ROOT

FOLDER = ROOT / "storefront" / "migrations"


def head() -> str | None:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    return ScriptDirectory.from_config(config).get_current_head()


def upgrade(app: Flask) -> None:
    with app.app_context():
        _upgrade(directory=str(FOLDER))
