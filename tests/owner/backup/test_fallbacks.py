"""A shop that has changed its SECRET_KEY comes back only with the keys of before, which its backup has."""

from pathlib import Path

import pytest
from flask import Flask

from tests.owner.backup.shops import IDENTITY, Machine, another_machine, names_in, with_backups
from tests.support.databases import Databases
from tests.support.rows import read_rows
from tests.support.sale import sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer, keys_on

OLDEST = "the-oldest-secret-" * 3


@pytest.fixture
def environment(environment: dict[str, str]) -> dict[str, str]:
    return with_backups(environment)


def test_refuses_a_restore_that_lacks_one_and_opens_every_key_with_all(
    app: Flask, sandbox: SandboxClient, environment: dict[str, str], all_databases: Databases, tmp_path: Path
) -> None:
    sale = sell(app, sandbox)
    before, place = environment["SECRET_KEY"], tmp_path / "backups"
    changed = environment | {"SECRET_KEY": "new-" + before, "SECRET_KEY_FALLBACKS": f"{before},{OLDEST}"}
    Machine(changed).done("backup", place)
    empty = another_machine(changed, all_databases, "sqlite", tmp_path / "new")
    for lacking in ("", before, OLDEST):
        empty.environment["SECRET_KEY_FALLBACKS"] = lacking
        told = empty.refused("restore", place, "--identity", "-", stdin=IDENTITY)
        assert "SECRET_KEY_FALLBACKS that are missing here" in told
        assert "`storefront backup secret-key` prints all of its keys: add to SECRET_KEY_FALLBACKS those" in told
        assert OLDEST not in told
        with empty.app() as untouched:
            assert read_rows(untouched, "SELECT name FROM sqlite_master") == []
        assert names_in(tmp_path / "new" / "files") == []
    printed = empty.done("backup", "secret-key", place, "--identity", "-", stdin=IDENTITY).splitlines()[1]
    empty.environment["SECRET_KEY_FALLBACKS"] = printed.removeprefix("SECRET_KEY_FALLBACKS=")
    empty.done("restore", place, "--identity", "-", stdin=IDENTITY)
    with empty.app() as restored:
        assert keys_on(Buyer(restored).get(sale.link).text) == sale.keys


@pytest.mark.parametrize("first", ["", "before"])
def test_brings_a_shop_with_a_new_key_back_by_what_is_refused(
    app: Flask, environment: dict[str, str], all_databases: Databases, tmp_path: Path, first: str
) -> None:
    """Whoever adds what each refusal asks for comes to an end, and never gives up the new SECRET_KEY."""
    before, place = environment["SECRET_KEY"], tmp_path / "backups"
    Machine(environment | {"SECRET_KEY_FALLBACKS": OLDEST}).done("backup", place)
    known = [before] if first else []
    empty = another_machine(environment, all_databases, "sqlite", tmp_path / "new")
    empty.environment |= {"SECRET_KEY": "new-" + before, "SECRET_KEY_FALLBACKS": ",".join(known)}
    if not known:
        told = empty.refused("restore", place, "--identity", "-", stdin=IDENTITY)
        assert "set SECRET_KEY to that, or add it to SECRET_KEY_FALLBACKS" in told
        known.append(empty.done("backup", "secret-key", place, "--identity", "-", stdin=IDENTITY).splitlines()[0])
        empty.environment["SECRET_KEY_FALLBACKS"] = ",".join(known)
    told = empty.refused("restore", place, "--identity", "-", stdin=IDENTITY)
    assert "add to SECRET_KEY_FALLBACKS those that are in neither setting here" in told
    printed = empty.done("backup", "secret-key", place, "--identity", "-", stdin=IDENTITY)
    all_printed = printed.replace("SECRET_KEY_FALLBACKS=", "").splitlines()
    known += [key for key in all_printed if key not in known]
    empty.environment["SECRET_KEY_FALLBACKS"] = ",".join(known)
    empty.done("restore", place, "--identity", "-", stdin=IDENTITY)


def test_restores_a_backup_of_before_the_change(
    app: Flask, environment: dict[str, str], all_databases: Databases, tmp_path: Path
) -> None:
    """A key more than the backup has harms nothing."""
    before, place = environment["SECRET_KEY"], tmp_path / "backups"
    Machine(environment).done("backup", place)
    changed = environment | {"SECRET_KEY": "new-" + before, "SECRET_KEY_FALLBACKS": f"{before},{OLDEST}"}
    empty = another_machine(changed, all_databases, "sqlite", tmp_path / "new")
    empty.done("restore", place, "--identity", "-", stdin=IDENTITY)
