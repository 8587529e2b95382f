"""A shop that is brought back sells, and everything that was sold before and after the backup is there."""

import json
from pathlib import Path

import pytest
from flask import Flask

from tests.owner.backup.shops import IDENTITY, Machine, another_machine, destroy, with_backups
from tests.support.databases import BOTH, Databases
from tests.support.rows import read_rows
from tests.support.sale import Sale, sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer, keys_on

BOOK = ("the-patient-toolmaker", "E-book")
BOTH_GOODS = (("twinspot", "Personal"), BOOK)


@pytest.fixture
def environment(environment: dict[str, str]) -> dict[str, str]:
    return with_backups(environment)


@pytest.fixture
def lost(app: Flask, environment: dict[str, str]) -> Machine:
    return Machine(environment)


@pytest.fixture
def empty(environment: dict[str, str], all_databases: Databases, engine: str, tmp_path: Path) -> Machine:
    return another_machine(environment, all_databases, engine, tmp_path / "new")


def what_a_buyer_has(app: Flask, sale: Sale) -> tuple[list[str], bytes]:
    """The keys on the page that a mail links to, and the file behind its first button."""
    buyer = Buyer(app)
    page = buyer.get(sale.link)
    assert page.status_code == 200, page.text
    file = buyer.get(sale.downloads[0])
    assert file.status_code == 200
    content = file.data
    file.close()
    return keys_on(page.text), content


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_has_every_sale_again_and_sells_on(
    app: Flask, sandbox: SandboxClient, lost: Machine, empty: Machine, tmp_path: Path
) -> None:
    place = tmp_path / "backups"
    before = [sell(app, sandbox, *BOTH_GOODS) for _ in range(3)]
    assert "4 files" in lost.done("backup", place)
    after = [sell(app, sandbox, *BOTH_GOODS) for _ in range(2)]
    had = [what_a_buyer_has(app, sale) for sale in before + after]
    destroy(lost)

    empty.done("db", "upgrade")  # as who sets up the new machine may do first
    told = empty.done("restore", place, "--identity", "-", stdin=IDENTITY)
    assert "run `storefront reconcile`" in told
    with empty.app() as restored:
        assert [what_a_buyer_has(restored, sale) for sale in before] == had[:3]
        assert {Buyer(restored).get(sale.link).status_code for sale in after} == {404}
        (entry,) = read_rows(restored, "SELECT actor_kind FROM audit_entries WHERE verb = 'backup.restored'")
        assert entry["actor_kind"] == "command"
        empty.done("reconcile")
        assert [what_a_buyer_has(restored, sale) for sale in before + after] == had
        new = sell(restored, sandbox, *BOTH_GOODS)
        assert what_a_buyer_has(restored, new)[1] == had[0][1]
        assert len({key for keys, _file in had for key in keys} | set(new.keys)) == 6
    assert "New: 0 files" in empty.done("backup", place)


def test_counts_files_as_the_backup_did(app: Flask, lost: Machine, empty: Machine, tmp_path: Path) -> None:
    for name in ("one.bin", "same.bin"):
        (tmp_path / "files" / name).write_bytes(b"the same")
    place = tmp_path / "backups"
    made = json.loads(lost.done("backup", place, "--json"))
    (listed,) = json.loads(lost.done("backup", "list", place, "--json"))
    restored = json.loads(empty.done("restore", place, "--json", "--identity", "-", stdin=IDENTITY))
    assert made["files"] == listed["files"] == restored["files"]
    assert (tmp_path / "new" / "files" / "same.bin").read_bytes() == b"the same"
