"""Secrets that lie in files of their own: NAME_FILE names one, and what is wrong with it is refused."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from storefront.core.config.names import find_secret_names
from storefront.core.config.settings import SettingsError, load_settings

SECRET = "a-secret-of-tests-" * 3
FALLBACKS = "SECRET_KEY_FALLBACKS_FILE"
FILES = sorted(name for name in find_secret_names({}) if name.endswith("_FILE") and name != FALLBACKS)
UNFILLED = pytest.mark.parametrize("content", ["", " \n", "\ufeff\n"], ids=["empty", "blank", "mark"])


def problems_of(environ: Mapping[str, str]) -> list[str]:
    with pytest.raises(SettingsError) as refused:
        load_settings(environ)
    return refused.value.problems


@pytest.mark.parametrize("name", FILES)
@UNFILLED
def test_refuses_a_secret_file_that_was_never_filled_in(
    environment: dict[str, str], tmp_path: Path, name: str, content: str
) -> None:
    """The default would be taken instead: of DATABASE_URL, a new and empty shop."""
    path = tmp_path / "secret"
    path.write_text(content, encoding="utf-8")
    setting = name.removesuffix("_FILE")
    login = {"MAIL_USERNAME": "shop"} if setting == "MAIL_PASSWORD" else {}
    others = {other: value for other, value in environment.items() if other != setting}
    problems = problems_of(others | login | {name: str(path)})
    assert problems.count(f"{name}={path} is empty: write the secret into it, or remove {name}.") == 1


@UNFILLED
def test_takes_an_empty_file_of_fallbacks_for_none(
    environment: dict[str, str], tmp_path: Path, content: str
) -> None:
    """So a change of SECRET_KEY ends: the last key of before is taken out of the file."""
    path = tmp_path / "fallbacks"
    environment[FALLBACKS] = str(path)
    assert any(f"{FALLBACKS}={path} cannot be read" in problem for problem in problems_of(environment))
    path.write_text(SECRET, encoding="utf-8")
    assert load_settings(environment).old_secret_keys == (SECRET,)
    path.write_text(content, encoding="utf-8")
    assert load_settings(environment).old_secret_keys == ()


def test_takes_the_mark_of_windows_for_no_part_of_a_secret(environment: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text(f"{SECRET}\r\n", encoding="utf-8-sig")
    del environment["SECRET_KEY"]
    assert load_settings(environment | {"SECRET_KEY_FILE": str(path)}).secret_key == SECRET


def test_says_once_what_is_wrong_with_keys_that_files_and_backups_share(
    environment: dict[str, str], tmp_path: Path
) -> None:
    problems = problems_of(environment | {"FILES_URL": "s3://goods", "AWS_REGION_FILE": str(tmp_path / "none")})
    assert len(problems) == len(set(problems))
    assert sum("AWS_REGION_FILE=" in problem for problem in problems) == 1
