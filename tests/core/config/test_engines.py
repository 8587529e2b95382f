"""Where rows, tasks and limits are kept: an address that cannot work is a line of its own, without a password."""

import pytest

from storefront.core.config.settings import load_settings
from storefront.core.config.sqlite_files import find_database_file, find_queue_file
from tests.core.config.test_settings import SANDBOX, problems_of


@pytest.mark.parametrize("name", ["DATABASE_URL", "QUEUE_URL"])
@pytest.mark.parametrize(
    "value", ["sqlite:///shop.db", "sqlite:///var/shop.db", "sqlite:///", "sqlite:////", "sqlite:///:memory:"]
)
def test_refuses_a_file_that_each_program_would_look_for_elsewhere(name: str, value: str) -> None:
    (problem,) = problems_of(SANDBOX | {name: value})
    assert problem.startswith(f"{name} must name a file by its absolute path, with four slashes: sqlite:////srv/")


@pytest.mark.parametrize(
    "value",
    ["sqlite:///file:shop.db?uri=true", "sqlite:///file:/shop?mode=memory&uri=true", "sqlite:///?timeout=5"],
)
def test_refuses_a_database_that_only_its_uri_makes_relative(value: str) -> None:
    (problem,) = problems_of(SANDBOX | {"DATABASE_URL": value})
    assert problem.startswith("DATABASE_URL must name a file by its absolute path")


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


def test_takes_the_path_of_a_queue_as_it_is_written() -> None:
    value = "sqlite:////srv/a%20b/queue.db"
    assert load_settings(SANDBOX | {"QUEUE_URL": value}).queue_url == value
    assert str(find_queue_file(value)) == "/srv/a%20b/queue.db"
