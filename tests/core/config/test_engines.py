"""Where rows, tasks and limits are kept: an address that cannot work is a line of its own, without a password."""

import sys
from pathlib import Path

import pytest
from limits._storage_scheme import SCHEMES
from psycopg import Error
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from storefront.core.config import sqlite_files
from storefront.core.config.engine_addresses import OF_REDIS
from storefront.core.config.engines import COUNTERS
from storefront.core.config.settings import load_settings
from storefront.core.config.sqlite_files import find_database_file, find_queue_file
from storefront.core.writers_line import find_file
from tests.support.wrong_settings import SANDBOX, problems_of


@pytest.mark.parametrize("name", ["DATABASE_URL", "QUEUE_URL"])
@pytest.mark.parametrize(
    "value",
    [
        "sqlite:///shop.db",
        "sqlite:///var/shop.db",
        "sqlite:///",
        "sqlite:////",
        "sqlite:///:memory:",
        f"sqlite:///{'a' * 300}",
    ],
)
def test_refuses_a_file_that_each_program_would_look_for_elsewhere(name: str, value: str) -> None:
    (problem,) = problems_of(SANDBOX | {name: value})
    assert problem.startswith(f"{name} must name a file by its absolute path, with four slashes: sqlite:////srv/")


@pytest.mark.parametrize(
    "value",
    [
        "sqlite:///file:shop.db?uri=true",
        "sqlite:///file:///srv/shop.db",
        "sqlite:///file:///srv/shop.db?uri=off",
        "sqlite:///file:/shop?mode=memory&uri=true",
        "sqlite:///?timeout=5",
    ],
)
def test_refuses_a_database_that_only_its_uri_makes_relative(value: str) -> None:
    (problem,) = problems_of(SANDBOX | {"DATABASE_URL": value})
    assert problem.startswith("DATABASE_URL must name a file by its absolute path")


@pytest.mark.parametrize("name", ["DATABASE_URL", "QUEUE_URL"])
@pytest.mark.parametrize("value", ["sqlite:////srv/shop/", "sqlite:////srv/shop/..", "sqlite:////srv/shop/."])
def test_refuses_a_folder(name: str, value: str) -> None:
    (problem,) = problems_of(SANDBOX | {name: value})
    assert problem.startswith(f"{name} must name a file by its absolute path")


@pytest.mark.parametrize(
    ("name", "folder", "address"),
    [
        ("DATABASE_URL", "instance", "instance/my shop%25.db"),
        ("DATABASE_URL", "var/storefront-instance", "var/storefront-instance/my shop%25.db"),
        ("QUEUE_URL", "", "my shop%25.db"),
    ],
)
def test_names_the_file_that_a_relative_path_had(
    name: str, folder: str, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sqlite_files, "ROOT", tmp_path)
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    wrong = SANDBOX | {name: "sqlite:///my shop%25.db"}
    file = tmp_path / folder / ("my shop%25.db" if name == "QUEUE_URL" else "my shop%.db")
    assert "where the file lies" not in problems_of(wrong)[0]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch()
    (problem,) = problems_of(wrong)
    assert problem == (
        f"{name} must name a file by its absolute path, with four slashes: sqlite:///{tmp_path}/{address}, "
        "where the file lies that it named so far."
    )
    assert load_settings(SANDBOX | {name: f"sqlite:///{tmp_path}/{address}"})


@pytest.mark.parametrize(
    ("value", "file"),
    [
        ("sqlite:////srv/shop/shop.db", "/srv/shop/shop.db"),
        ("sqlite:////srv/my shop/shop.db?timeout=5", "/srv/my shop/shop.db"),
        ("sqlite:////srv/100%25/shop.db", "/srv/100%/shop.db"),
        ("sqlite:///file:/srv/shop/shop.db?mode=rwc&uri=true", "/srv/shop/shop.db"),
        ("sqlite:///file:///srv/shop/shop.db?uri=true", "/srv/shop/shop.db"),
    ],
)
def test_takes_the_absolute_path_of_a_database(value: str, file: str) -> None:
    assert load_settings(SANDBOX | {"DATABASE_URL": value}).database_url == value
    assert str(find_database_file(value)) == file


@pytest.mark.parametrize("path", ["/srv/a%20b/queue.db", "/srv/?/queue.db"])
def test_takes_the_path_of_a_queue_as_it_is_written(path: str) -> None:
    value = f"sqlite:///{path}"
    assert load_settings(SANDBOX | {"QUEUE_URL": value}).queue_url == value
    assert str(find_queue_file(value)) == path


@pytest.mark.parametrize("name", ["shop", "my shop", "a%20b", "100%", "really?", "a%3Fb", "#1+2", "Bücher"])
def test_keeps_a_shop_in_its_own_folder_whatever_that_is_called(name: str, tmp_path: Path) -> None:
    home = tmp_path / name
    settings = load_settings(SANDBOX | {"STOREFRONT_HOME": str(home)})
    assert find_file(make_url(settings.database_url)) == home / "var" / "shop.db"
    assert find_database_file(settings.database_url) == home / "var" / "shop.db"
    assert find_queue_file(settings.queue_url) == home / "var" / "queue.db"
    assert settings.files_path == home / "var" / "files"


NO_NUMBER = [
    ("DATABASE_URL", "postgresql://shop:hidden@db:$PORT/shop"),
    ("DATABASE_URL", "postgresql://shop:hidden/word@db:port/shop"),
    ("DATABASE_URL", "postgresql+psycopg://shop:hidden@[::1]:port/shop"),
    ("DATABASE_URL", "postgres://shop:hidden@[::1/shop"),
    ("DATABASE_URL", "postgresql://shop:hidden@db:/shop"),
    ("DATABASE_URL", "postgresql://shop:hidden@/shop?host=db1,db2&port=5432"),
    ("DATABASE_URL", "postgresql://shop:hidden@/shop?host=db1:5432&host=db2:hidden"),
    ("DATABASE_URL", "sqlite:////srv/hidden.db?uri=perhaps"),
    ("DATABASE_URL", "postgresql://shop:hidden@/shop?host=db1,db2&port=5432,hidden"),
    ("DATABASE_URL", "sqlite:////srv/hidden.db?timeout=long"),
    ("QUEUE_URL", "postgresql://shop:hidden@db:port/shop"),
    ("QUEUE_URL", "postgres://db1:5432,db2:port/shop?password=hidden"),
    ("QUEUE_URL", "postgresql://[::1/hidden"),
    ("QUEUE_URL", "postgresql://shop:100%hidden@db/shop"),
    ("QUEUE_URL", "postgresql://shop@db/shop?password=hidden%"),
    ("QUEUE_URL", "redis://:hidden@queue:$PORT/0"),
    ("QUEUE_URL", "redis://:hidden/word@queue/0"),
    ("QUEUE_URL", "rediss://[::1/hidden"),
    ("QUEUE_URL", "redis://queue?db=hidden"),
    ("QUEUE_URL", "redis://queue?db=-1&password=hidden"),
    *(("QUEUE_URL", f"redis://queue?{name}=hidden") for name in OF_REDIS),
    ("LIMITS_URL", "redis://:hidden@queue:port/0"),
    ("LIMITS_URL", "rediss://queue:70000/hidden"),
]


@pytest.mark.parametrize(("name", "value"), NO_NUMBER)
def test_names_an_address_that_nobody_can_read(name: str, value: str) -> None:
    (problem,) = problems_of(SANDBOX | {name: value})
    assert problem.startswith(f"{name} cannot be read: a port and what else is a number must be one")
    assert "hidden" not in problem


@pytest.mark.parametrize("name", ["DATABASE_URL", "DATABASE_READ_URL"])
def test_says_where_ports_of_several_hosts_belong(name: str) -> None:
    """Before the path they are PostgreSQL's own, and a queue has them there."""
    urls = {"DATABASE_URL": "postgresql://db/shop", name: "postgresql://shop:hidden@db1:5432,db2:5433/shop"}
    (problem,) = problems_of(SANDBOX | urls)
    assert problem == (
        f"{name} has several hosts with a port each, which belong behind the ? here: "
        "postgresql://USER:PASSWORD@/DATABASE?host=db1,db2&port=5432,5432."
    )


def test_names_a_replica_that_nobody_can_read() -> None:
    (problem,) = problems_of(
        SANDBOX
        | {"DATABASE_URL": "postgresql://db/shop", "DATABASE_READ_URL": "postgresql://u:hidden@db2:port/shop"}
    )
    assert problem.startswith("DATABASE_READ_URL cannot be read")
    assert "hidden" not in problem


@pytest.mark.parametrize(
    "value",
    ["foo", "foo://hidden", "redis:hidden", "async+memory://", "unix:///hidden", "postgresql://u:hidden@db"],
)
def test_refuses_to_count_limits_where_nobody_can(value: str) -> None:
    assert problems_of(SANDBOX | {"LIMITS_URL": value}) == [
        "LIMITS_URL must start with redis://, or be memory://."
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "postgresql+psycopg://shop:p%40ss#w@db:5432/shop?sslmode=require"),
        ("DATABASE_URL", "postgresql+psycopg://shop@[::1]:5432/shop"),
        ("DATABASE_URL", "postgresql+psycopg:///shop?host=/run/postgresql"),
        ("DATABASE_URL", "postgresql+psycopg://shop@/shop?host=db1,db2&port=5432,5432"),
        ("DATABASE_URL", "postgresql+psycopg://shop@/shop?host=db1:5432&host=db2:5433"),
        ("DATABASE_URL", "postgresql+psycopg://"),
        ("DATABASE_URL", "postgresql+psycopg://shop@db1,db2:5432/shop"),
        ("DATABASE_URL", "postgresql+psycopg://shop:a:b/c%zz@db/shop?port=5432"),
        ("DATABASE_URL", "sqlite:////srv/shop.db?timeout=5"),
        ("QUEUE_URL", "postgresql://shop:p@db1:5432,db2:5433/shop"),
        ("QUEUE_URL", "postgresql://shop@[::1]:5432,[::2]:5433/shop"),
        ("QUEUE_URL", "postgres:///shop?host=/run/postgresql"),
        ("QUEUE_URL", "postgresql://shop@db:port/shop?port=5432"),
        ("QUEUE_URL", "postgres://"),
        ("QUEUE_URL", "rediss://shop:p%40ss@[::1]:6380/2"),
        ("QUEUE_URL", "redis://queue?db=2&ssl_cert_reqs=none"),
        ("QUEUE_URL", "redis://queue?socket_timeout=1.5&health_check_interval=30&protocol=3&max_connections=9"),
        ("LIMITS_URL", "memory://"),
        ("LIMITS_URL", "redis://redis/1"),
        ("LIMITS_URL", "rediss://:p@redis:6380"),
        ("LIMITS_URL", "redis+unix:///run/redis.sock"),
        ("LIMITS_URL", "redis+sentinel://a:1,b:2/name"),
        ("LIMITS_URL", "memcached://localhost:11211"),
    ],
)
def test_takes_an_address_as_it_is(name: str, value: str) -> None:
    assert getattr(load_settings(SANDBOX | {name: value}), name.lower()) == value


def test_knows_everything_that_limits_are_counted_in() -> None:
    import storefront.web.limits  # noqa: F401 - loads the library's own

    own = {name for name, kind in SCHEMES.items() if kind.__module__.startswith("limits.storage")}
    assert own == COUNTERS


def is_read_by_its_library(name: str, value: str) -> bool:
    try:
        if name == "DATABASE_URL":
            address = make_url(value.replace("postgres://", "postgresql://").replace("ql://", "ql+psycopg://"))
            address.get_dialect()().create_connect_args(address)
        elif value.startswith("postgres"):
            ports = str(conninfo_to_dict(value).get("port", "")).split(",")
            return all(port.isdecimal() for port in ports if port)
        else:
            parse_url = pytest.importorskip("redis.connection").parse_url  # has no types
            return int(parse_url(value).get("db", 0)) >= 0
    except (ValueError, TypeError, ArgumentError, Error):
        return False
    return True


@pytest.mark.parametrize(("name", "value"), NO_NUMBER)
def test_refuses_only_what_the_library_of_an_address_refuses(name: str, value: str) -> None:
    assert not is_read_by_its_library(name, value)
