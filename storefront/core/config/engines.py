"""Where rows, tasks and request limits are kept."""

from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import parse_qs

from storefront.core.config.engine_addresses import (
    is_read_by_postgresql,
    is_read_by_redis,
    is_read_by_sqlalchemy,
    is_read_for_sqlite,
    names_ports_of_several,
)
from storefront.core.config.reader import Reader
from storefront.core.config.sqlite_files import (
    SQLITE,
    find_database_file,
    find_file_of_before,
    find_queue_file,
    is_folder,
    sqlite_address,
)

POSTGRESQL = "postgresql+psycopg://"
# The value itself is not repeated: it may hold a password.
UNREADABLE = (
    "cannot be read: a port and what else is a number must be one, and in a password @ : / ? # and % are written "
    "%40 %3A %2F %3F %23 and %25."
)
SEVERAL = (
    "has several hosts with a port each, which belong behind the ? here: "
    "postgresql://USER:PASSWORD@/DATABASE?host=db1,db2&port=5432,5432."
)
REDIS = ("redis", "rediss")
# What the library of limits counts in. Beside Redis we try none, and an owner may have installed what one needs.
COUNTERS = frozenset({"memory", *REDIS, "redis+unix", "redis+cluster", "redis+sentinel", "memcached"}) | frozenset(
    {"mongodb", "mongodb+srv", "valkey", "valkeys", "valkey+unix", "valkey+cluster", "valkey+sentinel"}
)
# Psycopg's arguments in Python, which are no text; what else stands behind the ? is PostgreSQL's own.
NO_OPTIONS = frozenset({"autocommit", "cursor_factory", "prepare_threshold", "row_factory"})


def _database_url(reader: Reader, name: str, raw: str) -> str:
    """Return an address as SQLAlchemy spells it, with psycopg 3. Hosts hand out `postgres://`."""
    _refuse_options(reader, name, raw)
    for prefix in ("postgres://", "postgresql://"):
        if raw.startswith(prefix):
            raw = POSTGRESQL + raw.removeprefix(prefix)
    if not _is_read(raw):
        reader.problems.append(f"{name} {SEVERAL if names_ports_of_several(raw) else UNREADABLE}")
    return raw


def _is_read(url: str) -> bool:
    if url.startswith(SQLITE):
        return is_read_for_sqlite(url)
    return not url.startswith(POSTGRESQL) or is_read_by_sqlalchemy(url)


def _refuse_options(reader: Reader, name: str, url: str) -> None:
    found = NO_OPTIONS.intersection(parse_qs(url.rpartition("@")[2].partition("?")[2]))
    if found and url.startswith("postgres"):
        reader.problems.append(f"{name} has {min(found)}, which is no option of PostgreSQL's: take it out.")


def read_engines(reader: Reader) -> tuple[str, str]:
    raw = reader.secret("DATABASE_URL") or sqlite_address(reader.home / "var" / "shop.db")
    database_url = _database_url(reader, "DATABASE_URL", raw)
    if database_url.startswith(SQLITE):
        _demand_absolute(reader, "DATABASE_URL", database_url.partition("?")[0], find_database_file(database_url))
    elif not database_url.startswith(POSTGRESQL):
        reader.problems.append("DATABASE_URL must start with sqlite:/// or postgresql://.")
    return database_url, _read_queue(reader)


def _read_queue(reader: Reader) -> str:
    url = reader.secret("QUEUE_URL") or f"sqlite:///{reader.home / 'var' / 'queue.db'}"
    scheme = url.partition("://")[0]
    if url.startswith(SQLITE):
        _demand_absolute(reader, "QUEUE_URL", url, find_queue_file(url))
    elif scheme not in QUEUES:
        reader.problems.append("QUEUE_URL must start with sqlite:///, redis:// or postgresql://.")
    elif not QUEUES[scheme](url):
        reader.problems.append(f"QUEUE_URL {UNREADABLE}")
    return url


def read_limits(reader: Reader) -> str:
    url = reader.secret("LIMITS_URL") or "memory://"
    scheme = url.partition("://")[0]
    if "://" not in url or scheme not in COUNTERS:
        reader.problems.append("LIMITS_URL must start with redis://, or be memory://.")
    elif scheme in REDIS and not is_read_by_redis(url):
        reader.problems.append(f"LIMITS_URL {UNREADABLE}")
    return url


QUEUES: Mapping[str, Callable[[str], bool]] = {
    **dict.fromkeys(REDIS, is_read_by_redis),
    **dict.fromkeys(("postgresql", "postgres"), is_read_by_postgresql),
}


def _demand_absolute(reader: Reader, name: str, path: str, file: Path | None) -> None:
    """Refuse a file that each program would look for in a folder of its own, and what only one of them has."""
    if file is not None and file.is_absolute() and not is_folder(path):
        return
    known = find_file_of_before(name, file) if file else None
    example = f"sqlite:////srv/shop/var/{'queue' if name == 'QUEUE_URL' else 'shop'}.db"
    if known:
        example = f"{_address(name, known)}, where the file lies that it named so far"
    reader.problems.append(f"{name} must name a file by its absolute path, with four slashes: {example}.")


def _address(name: str, path: Path) -> str:
    return f"{SQLITE}{path}" if name == "QUEUE_URL" else sqlite_address(path)


def read_replica(reader: Reader, database_url: str) -> tuple[str | None, int]:
    """Return the address of a replica of PostgreSQL, and how many seconds it may be behind."""
    most_seconds = reader.integer("DATABASE_READ_LAG_SECONDS", 10, low=1, high=3600)
    raw = reader.secret("DATABASE_READ_URL")
    url = _database_url(reader, "DATABASE_READ_URL", raw) if raw else None
    if url is not None and not url.startswith(POSTGRESQL):
        reader.problems.append("DATABASE_READ_URL must start with postgresql://.")
    elif url is not None and database_url.startswith("sqlite"):
        reader.problems.append(
            "DATABASE_READ_URL names a replica of PostgreSQL, and SQLite (DATABASE_URL) has none: remove it."
        )
    return url, most_seconds


def check_redis(reader: Reader, *urls: str) -> None:
    if any(url.startswith("redis") for url in urls) and find_spec("redis") is None:
        reader.problems.append("QUEUE_URL or LIMITS_URL needs the redis package: .venv/bin/pip install redis")
