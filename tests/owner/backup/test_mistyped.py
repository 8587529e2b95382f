"""Words of a command line that name no place and no backup."""

from pathlib import Path

import pytest
from flask import Flask

from tests.owner.backup.shops import Machine, with_backups


@pytest.fixture
def machine(app: Flask, environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    monkeypatch.chdir(tmp_path)
    return Machine(with_backups(environment))


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("chekc", "backup check"),
        ("keys", "backup key"),
        ("secret_key", "backup secret-key"),
        ("restore", "restore"),
    ],
)
def test_makes_no_backup_of_a_mistyped_command(machine: Machine, tmp_path: Path, word: str, meant: str) -> None:
    answer = machine.run("backup", word)
    assert answer.exit_code == 2
    assert f"Did you mean `storefront {meant}`? For a new folder {word} write ./{word}." in answer.stderr
    assert not (tmp_path / word).exists()


def test_takes_a_folder_that_is_named_like_a_command(machine: Machine, tmp_path: Path) -> None:
    machine.done("backup", "./keys")
    machine.done("backup", "keys")  # it is there now
    assert len(list((tmp_path / "keys" / "backups").iterdir())) == 2
