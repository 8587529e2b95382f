"""`.env` as owners type it: what cannot be read is named by its line, and never left out in silence."""

from pathlib import Path

import pytest

from storefront.core.config.env_file import read_env_file
from storefront.core.config.settings import SettingsError


def write(folder: Path, text: str | bytes) -> Path:
    path = folder / ".env"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def problems_of(path: Path) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        read_env_file(path)
    return [problem.removeprefix(f"{path}") for problem in caught.value.problems]


def test_reads_names_and_values(tmp_path: Path) -> None:
    text = "# The shop\nSHOP_NAME='Brush & Co.'\r\n\nexport PORT=8000 # inside\nTERMS_URL\nMAIL_USERNAME=\n"
    assert read_env_file(write(tmp_path, text)) == {
        "SHOP_NAME": "Brush & Co.",
        "PORT": "8000",
        "MAIL_USERNAME": "",
    }


def test_takes_a_value_as_it_is_written(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """And says where it names another setting, which was filled in once: a password does so by accident only."""
    text = (
        "MAIL_PASSWORD='a${b}$c${d:-e}'\nSECRET_KEY=\"x${y}z\"\nSHOP_HOST=shop.example\n"
        "BASE_URL=https://${SHOP_HOST}/\nTERMS_URL='https://${SHOP_HOST:-shop.example}/hunter2'\n"
    )
    assert read_env_file(write(tmp_path, text)) == {
        "MAIL_PASSWORD": "a${b}$c${d:-e}",
        "SECRET_KEY": "x${y}z",
        "SHOP_HOST": "shop.example",
        "BASE_URL": "https://${SHOP_HOST}/",
        "TERMS_URL": "https://${SHOP_HOST:-shop.example}/hunter2",
    }
    said = "holds ${NAME}, which stands for itself: write the value out"
    assert caplog.messages == [f"{name} of {tmp_path / '.env'} {said}" for name in ("BASE_URL", "TERMS_URL")]


def test_reads_what_windows_saves(tmp_path: Path) -> None:
    assert read_env_file(write(tmp_path, b"\xef\xbb\xbfSECRET_KEY=abc\r\n")) == {"SECRET_KEY": "abc"}


def test_has_no_settings_without_a_file(tmp_path: Path) -> None:
    assert read_env_file(tmp_path / ".env") == {}


def test_names_each_line_that_it_cannot_read_and_no_value(tmp_path: Path) -> None:
    text = 'A=1\n\n\nMAIL_FROM="Acme, Inc." <shop@acme.example>\nB=2\nMAIL_PASSWORD=\'se"cret\n'
    advice = "Put a value with quotes, spaces or # between single quotes: '…'."
    assert problems_of(write(tmp_path, text)) == [
        f", line 4: the value of MAIL_FROM cannot be read. {advice}",
        f", line 6: the value of MAIL_PASSWORD cannot be read. {advice}",
    ]


def test_says_what_a_setting_is(tmp_path: Path) -> None:
    assert problems_of(write(tmp_path, "[shop] x\n"))[0].startswith(", line 1: a setting is NAME=value. Put")


@pytest.mark.parametrize(
    "text",
    ["psql postgresql://u:hunter2@h/d?sslmode=require\n", "PASSWORD: hunter2=abc\n", "A='x\nhunter2 line=1\n"],
)
def test_repeats_no_value_whatever_the_line_is(tmp_path: Path, text: str) -> None:
    assert not [problem for problem in problems_of(write(tmp_path, text)) if "hunter2" in problem]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (b"SHOP_NAME=Caf\xe9\n", " is not UTF-8: save it with that encoding."),
        (None, " cannot be read: Is a directory."),
    ],
)
def test_refuses_what_is_no_text(tmp_path: Path, text: bytes | None, problem: str) -> None:
    path = tmp_path / ".env"
    path.mkdir() if text is None else path.write_bytes(text)
    assert problems_of(path) == [problem]
