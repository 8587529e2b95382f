"""Words of a command line that name no place and no backup."""

import json
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from tests.owner.backup.shops import IDENTITY, Machine, with_backups
from tests.support.s3 import bucket_settings


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


def test_refuses_to_list_a_folder_that_is_not_there(machine: Machine, tmp_path: Path) -> None:
    refusal = "There is no folder place: is its disk mounted, and is the address right?"
    assert refusal in machine.refused("backup", "list", "place")
    assert not (tmp_path / "place").exists()
    (tmp_path / "place").mkdir()
    assert machine.done("backup", "list", "place") == "There is none yet.\n"


class TestName:
    @pytest.fixture
    def machine(self, machine: Machine, s3: str, bucket: Any) -> Machine:  # the bucket is there
        machine.environment |= {name: value for name, value in bucket_settings(s3).items() if name != "FILES_URL"}
        return machine

    @pytest.mark.slow
    @pytest.mark.parametrize("place", ["s3://goods/backups", "./place"])
    def test_refuses_one_that_no_backup_can_have(self, machine: Machine, place: str) -> None:
        machine.done("backup", place)
        name = json.loads(machine.done("backup", "list", place, "--json"))[0]["name"]
        machine.done("backup", "check", place, "--name", name)
        opened = ("--identity", "-")
        for wrong in ("", ".", "..", f"../backups/{name}", f"{name}/", "a\nb"):
            said = wrong.replace("\n", " ")
            refusal = f"There is no backup {said}: `storefront backup list` says which there are."
            assert refusal in machine.refused("backup", "check", place, "--name", wrong)
            assert refusal in machine.refused(
                "backup", "secret-key", place, "--name", wrong, *opened, stdin=IDENTITY
            )
            assert "There is no backup" in machine.refused(
                "restore", place, "--name", wrong, *opened, stdin=IDENTITY
            )
