"""A setting that is misspelled has no effect: `storefront doctor` says which one is meant."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask

from storefront.owner.doctor.spelling import find_misspelled
from tests.cli.commands import run


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("MAIL_SERVR", "MAIL_SERVER"),
        ("SECRET_KEY_FALLBACK", "SECRET_KEY_FALLBACKS"),
        ("KEEP_EVENT_DAYS", "KEEP_EVENTS_DAYS"),
        ("DATABASE_URL_FILES", "DATABASE_URL_FILE"),
        ("BACKUP_AWS_ACCESS_KEY", "BACKUP_AWS_ACCESS_KEY_ID"),
    ],
)
def test_names_the_setting_that_a_misspelled_one_means(name: str, meant: str) -> None:
    ((level, text),) = find_misspelled({name: "hunter2", "SECRET_KEY": "s" * 32})
    assert level.value == "warn"
    assert text == f"{name} is no setting of the shop, so it has no effect: is {meant} meant?"


def test_says_which_settings_no_file_can_hold() -> None:
    ((_level, text),) = find_misspelled({"FILES_URL_FILE": "/run/secrets/files"})
    assert text == "FILES_URL_FILE has no effect: FILES_URL is no secret, and is not read from a file."


def test_leaves_names_that_are_others(environment: dict[str, str]) -> None:
    others = "PATH MAIL LOGNAME AWS_ENDPOINT_URL_S3 AZURE_STORAGE_ACCOUNT STRIPE_API_KEY DATABASE_USER SHOP_HOST"
    own = dict.fromkeys(("STOREFRONT_ENV_FILE", "STOREFRONT_HOME", "OLD_SECRET_KEY", "SECRET_KEY_FILE"), "")
    assert find_misspelled(environment | own | dict.fromkeys(others.split(), "x")) == []


@pytest.mark.usefixtures("sandbox", "mailbox")
def test_reads_names_of_the_env_file_too(app: Flask, environment: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "shop.env"
    path.write_text("MAIL_SERVR=smtp.example\n")
    told = run(CliRunner(env=environment | {"STOREFRONT_ENV_FILE": str(path)}), "doctor").output
    assert "WARN settings: MAIL_SERVR is no setting" in told
    path.write_text("")
    told = run(CliRunner(env=environment | {"STOREFRONT_ENV_FILE": str(path)}), "doctor").output
    assert "OK   settings: No name of a setting looks misspelled." in told
