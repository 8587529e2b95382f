"""A server loads the driver of its own queue, and no other. Each case is a process of its own."""

import subprocess
import sys

import pytest

LOAD = """
import sys
from storefront.core.queue_drivers import load_engine
database, *queues = sys.argv[1:]
if database:
    __import__(database)
load_engine(queues[0])
from storefront.core.queue_engine import engine_errors, make_huey
print(*sorted({"psycopg", "redis"} & set(sys.modules)))
for queue in queues:
    make_huey(queue).storage
print([f"{error.__module__}.{error.__name__}" for error in engine_errors()])
"""
SQLITE = "sqlite:///{folder}/queue.db"
REDIS = "redis://127.0.0.1:9/0"
POSTGRESQL = "postgresql://nobody@127.0.0.1:9/queue"


def load(*words: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
    script = [sys.executable, "-c", LOAD, *words]
    return subprocess.run(script, capture_output=True, text=True, timeout=60, check=check)


@pytest.mark.parametrize(
    ("database", "queue", "loaded", "errors"),
    [
        ("", SQLITE, "", ["builtins.OSError", "sqlite3.Error"]),
        ("", REDIS, "redis", ["builtins.OSError", "sqlite3.Error", "redis.exceptions.RedisError"]),
        ("", REDIS.replace("redis:", "rediss:"), "redis", None),
        ("psycopg", SQLITE, "psycopg", None),
        ("psycopg", REDIS, "psycopg redis", None),
        ("redis", SQLITE, "redis", None),  # request limits are there
    ],
)
def test_loads_the_driver_that_its_queue_needs(
    database: str, queue: str, loaded: str, errors: list[str] | None, tmp_path: object
) -> None:
    names, raised = load(database, queue.format(folder=tmp_path)).stdout.splitlines()
    assert names == loaded
    assert errors is None or raised == str(errors)


@pytest.mark.parametrize("queue", [POSTGRESQL, POSTGRESQL.replace("postgresql:", "postgres:")])
def test_loads_the_driver_of_postgresql_for_a_queue_there(queue: str) -> None:
    """Its tables are made at once, so here the driver says that nobody answers."""
    done = load("", queue, check=False)
    assert done.stdout == "psycopg\n"
    assert "psycopg.OperationalError" in done.stderr


@pytest.mark.parametrize("other", [REDIS, POSTGRESQL])
def test_refuses_another_queue_in_words_where_its_driver_was_left_out(other: str, tmp_path: object) -> None:
    done = load("", SQLITE.format(folder=tmp_path), other, check=False)
    assert "RuntimeError: this process was started for another queue" in done.stderr


def test_keeps_a_driver_importable_that_was_left_out(tmp_path: object) -> None:
    script = LOAD + "import psycopg, redis"
    command = [sys.executable, "-c", script, "", SQLITE.format(folder=tmp_path)]
    subprocess.run(command, capture_output=True, timeout=60, check=True)
