"""Where rows, tasks and request limits are kept."""

from importlib.util import find_spec
from pathlib import Path
from urllib.parse import parse_qs

from storefront.core.config.reader import Reader
from storefront.core.config.sqlite_files import SQLITE, find_database_file, find_queue_file

# Psycopg's arguments in Python, which are no text; what else stands behind the ? is PostgreSQL's own.
NO_OPTIONS = frozenset({"autocommit", "cursor_factory", "prepare_threshold", "row_factory"})


def _database_url(reader: Reader, name: str, raw: str) -> str:
    """Return an address as SQLAlchemy spells it, with psycopg 3. Hosts hand out `postgres://`."""
    _refuse_options(reader, name, raw)
    for prefix in ("postgres://", "postgresql://"):
        if raw.startswith(prefix):
            return "postgresql+psycopg://" + raw.removeprefix(prefix)
    return raw


def _refuse_options(reader: Reader, name: str, url: str) -> None:
    found = NO_OPTIONS.intersection(parse_qs(url.rpartition("@")[2].partition("?")[2]))
    if found and url.startswith("postgres"):
        reader.problems.append(f"{name} has {min(found)}, which is no option of PostgreSQL's: take it out.")


def read_engines(reader: Reader) -> tuple[str, str]:
    raw = reader.secret("DATABASE_URL") or f"sqlite:///{reader.home / 'var' / 'shop.db'}"
    database_url = _database_url(reader, "DATABASE_URL", raw)
    if database_url.startswith(SQLITE):
        _demand_absolute(reader, "DATABASE_URL", find_database_file(database_url))
    elif not database_url.startswith("postgresql+psycopg://"):
        reader.problems.append("DATABASE_URL must start with sqlite:/// or postgresql://.")
    queue_url = reader.secret("QUEUE_URL") or f"sqlite:///{reader.home / 'var' / 'queue.db'}"
    if queue_url.startswith(SQLITE):
        _demand_absolute(reader, "QUEUE_URL", find_queue_file(queue_url))
    elif not queue_url.startswith(("redis://", "rediss://", "postgresql://", "postgres://")):
        reader.problems.append("QUEUE_URL must start with sqlite:///, redis:// or postgresql://.")
    return database_url, queue_url


def _demand_absolute(reader: Reader, name: str, file: Path | None) -> None:
    """Refuse a file that each program would look for in a folder of its own, and what only one of them has."""
    if file is None or not file.is_absolute() or not file.name:
        example = f"sqlite:////srv/shop/var/{'queue' if name == 'QUEUE_URL' else 'shop'}.db"
        reader.problems.append(f"{name} must name a file by its absolute path, with four slashes: {example}.")


def read_replica(reader: Reader, database_url: str) -> tuple[str | None, int]:
    """Return the address of a replica of PostgreSQL, and how many seconds it may be behind."""
    most_seconds = reader.integer("DATABASE_READ_LAG_SECONDS", 10, low=1, high=3600)
    raw = reader.secret("DATABASE_READ_URL")
    url = _database_url(reader, "DATABASE_READ_URL", raw) if raw else None
    if url is not None and not url.startswith("postgresql+psycopg://"):
        reader.problems.append("DATABASE_READ_URL must start with postgresql://.")
    elif url is not None and database_url.startswith("sqlite"):
        reader.problems.append(
            "DATABASE_READ_URL names a replica of PostgreSQL, and SQLite (DATABASE_URL) has none: remove it."
        )
    return url, most_seconds


def check_redis(reader: Reader, *urls: str) -> None:
    if any(url.startswith("redis") for url in urls) and find_spec("redis") is None:
        reader.problems.append("QUEUE_URL or LIMITS_URL needs the redis package: .venv/bin/pip install redis")
