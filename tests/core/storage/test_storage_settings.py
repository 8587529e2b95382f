"""FILES_URL and its keys: what is wrong is named at the start, and no key is repeated."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from storefront.app import create_app
from storefront.cli.root import main
from storefront.core.config.settings import SettingsError, load_settings
from tests.support.databases import base_environment

AZURE = {"FILES_URL": "az://goods/shop", "AZURE_STORAGE_ACCOUNT_NAME": "shop"}
GOOGLE = {"FILES_URL": "gs://goods/shop"}


def problems_of(environ: dict[str, str]) -> str:
    with pytest.raises(SettingsError) as caught:
        create_app(load_settings(environ))
    return "\n".join(caught.value.problems)


def test_takes_a_folder_with_spaces_and_percent_signs(tmp_path: Path) -> None:
    folder = tmp_path / "my files 100%"
    settings = load_settings(base_environment(tmp_path) | {"FILES_URL": folder.as_uri()})
    assert settings.files_path == folder
    plain = load_settings(base_environment(tmp_path) | {"FILES_URL": f"file://{tmp_path}/plain/"})
    assert plain.files_path == tmp_path / "plain"


@pytest.mark.parametrize(
    "url",
    [
        "s3://AKIA123:topsecret@bucket/shop",
        "s3://topsecret@bucket",
        "az://container/shop?sig=topsecret",
        "https://user:topsecret@host/bucket",
        "gs://bucket#topsecret",
    ],
)
def test_refuses_keys_in_the_address_and_does_not_repeat_them(tmp_path: Path, url: str) -> None:
    told = problems_of(base_environment(tmp_path) | {"FILES_URL": url})
    assert "FILES_URL must not hold keys" in told
    assert "topsecret" not in told


def test_names_the_settings_for_keys(tmp_path: Path) -> None:
    told = problems_of(base_environment(tmp_path) | {"FILES_URL": "s3://key:secret@bucket"})
    assert "AWS_ACCESS_KEY_ID" in told


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        (AZURE | {"AZURE_STORAGE_ACCOUNT_KEY": "not base64!"}, "AZURE_STORAGE_ACCOUNT_KEY"),
        (GOOGLE | {"GOOGLE_APPLICATION_CREDENTIALS": "nowhere.json"}, "GOOGLE_APPLICATION_CREDENTIALS"),
    ],
)
def test_says_in_a_sentence_at_the_start_that_a_key_cannot_be_read(
    tmp_path: Path, environ: dict[str, str], named: str
) -> None:
    environ = base_environment(tmp_path) | environ
    told = problems_of(environ)
    assert named in told
    assert "not base64!" not in told
    for words in (["releases", "check"], ["serve"]):
        run = CliRunner().invoke(main, words, env=environ | {"STOREFRONT_ENV_FILE": ""})
        assert (run.exit_code, named in run.output) == (2, True)
