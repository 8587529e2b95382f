"""What commands print: nothing in it moves a terminal, and what they make is nobody else's to read."""

import io
import logging
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import IO

import click
import pytest
from click.testing import CliRunner
from flask import Flask

from storefront.cli.root import main
from storefront.cli.terminal import PlainGroup, PlainStream, plain
from storefront.core.config.settings import Settings
from storefront.delivery.licenses.keys import hint
from storefront.owner.health.open_files import find_open_files
from tests.support.rows import read_rows

NASTY = "Ada\x1b[2J\x9b31m\u202e\u2066\x07\x08\r\u200fend"


def test_prints_nothing_that_a_terminal_obeys() -> None:
    group = PlainGroup("shop")

    @group.command()
    def tell() -> None:
        click.echo(NASTY + "\tA\nB")
        click.echo(NASTY, err=True)
        sys.stdout.write(NASTY)
        raise click.ClickException(NASTY)

    result = CliRunner().invoke(group, ["tell"])
    assert result.exit_code == 1
    for text in (result.stdout, result.stderr):
        assert text.count("end") == 2
        assert all(letter.isprintable() or letter in "\n\t" for letter in text)
    assert "\tA\nB\n" in result.stdout


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("words", ["backup key", "backup key --json", "--help"])
def test_says_that_what_it_prints_meets_a_full_disk(words: str, unbuffered: str) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("no /dev/full on this system")
    with full.open("wb") as stdout:
        ended = run_into(stdout, words, unbuffered)
    assert ended.returncode == 1
    assert ended.stderr.startswith("Error: What this command prints cannot be written (No space left on device).")
    assert len(ended.stderr.splitlines()) == 1


def test_goes_on_where_its_log_meets_a_full_disk() -> None:
    """A worker lives for months, and its disk has room again one day."""
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("no /dev/full on this system")
    with full.open("w") as disk:
        log = logging.getLogger("of a worker whose disk is full")
        log.addHandler(logging.StreamHandler(PlainStream(disk)))
        log.warning("a line that is lost")
        with suppress(OSError):
            disk.close()


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_says_nothing_where_nobody_reads_any_longer(unbuffered: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as stdout:
        ended = run_into(stdout, "backup key", unbuffered)
    assert (ended.returncode, ended.stderr) == (1, "")


@pytest.mark.parametrize(
    ("closed", "words", "unbuffered"),
    [
        (">&-", "backup key", ""),
        (">&- <&-", "backup key", "1"),
        (">&- <&-", "backup key --json", ""),
        (">&-", "backup key --json", "1"),
        (">&-", "--help", ""),
        (">&- <&-", "--help", "1"),
    ],
)
def test_says_that_what_it_prints_has_nowhere_to_go(closed: str, words: str, unbuffered: str) -> None:
    ended = run_in_shell(f"{words} {closed}", unbuffered)
    assert ended.returncode == 1
    assert ended.stderr == (
        "Error: What this command prints cannot be written (it is closed). What it has done by then stays.\n"
    )


def test_needs_no_place_for_what_it_does_not_say() -> None:
    """A refusal, and what goes to a log, is lost where that is closed; how it ended is not."""
    assert run_in_shell("backup key 2>&-", "").stdout.startswith("The secret half")
    assert [run_in_shell(f"nonsense {closed}", "").returncode for closed in ("2>&-", ">&-", ">&- 2>&-")] == [
        2,
        2,
        2,
    ]


def run_in_shell(words: str, unbuffered: str) -> "subprocess.CompletedProcess[str]":
    """`words` are written as for a shell, with what it closes."""
    return subprocess.run(
        ["/bin/sh", "-c", f'exec "$0" -m storefront {words}', sys.executable],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONUNBUFFERED": unbuffered},
    )


def run_into(stdout: IO[bytes], words: str, unbuffered: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "storefront", *words.split()],
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        env=os.environ | {"PYTHONUNBUFFERED": unbuffered},
    )


HONEST = ["山田\u3000太郎", "1\u202f234,56\u00a0€", "نمونه\u200cها", "👩\u200d💻 tools", "Zoë"]  # noqa: RUF001 - Persian


@pytest.mark.parametrize("name", HONEST)
def test_prints_names_as_people_write_them(name: str) -> None:
    group = PlainGroup("shop")
    group.command("tell")(lambda: click.echo(name))
    assert CliRunner().invoke(group, ["tell"]).stdout == f"{name}\n"
    assert plain(name) == name


def test_prints_several_lines_as_one() -> None:
    assert plain("Ada Byron\r\n1 Square\tLondon") == "Ada Byron  1 Square London"


def test_ends_after_the_stream_that_it_wraps() -> None:
    """As where a command printed into a stream of a test, or of a program around it."""
    stream = io.TextIOWrapper(io.BytesIO())
    door = PlainStream(stream)
    stream.close()
    door.close()
    assert door.closed


def test_prints_every_command_through_that_door() -> None:
    assert isinstance(main, PlainGroup)


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        ("ABCD", "…"),
        ("ABCDEFGHIJ", "…"),
        ("ABCDEFGHIJK", "…GHIJK"),
        ("-----BEGIN LICENSE-----\nABCDE\n-----END LICENSE-----", "…"),
        ("ABCDEFGHIJK\nABCDE", "…GHIJK"),
    ],
)
def test_shows_of_a_short_key_nothing(key: str, shown: str) -> None:
    assert hint(key) == shown


def test_makes_files_for_its_own_user_only(environment: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "fresh"
    fresh = environment | {"DATABASE_URL": f"sqlite:///{folder / 'shop.db'}", "STOREFRONT_ENV_FILE": ""}
    result = CliRunner(env=fresh).invoke(main, ["db", "upgrade"])
    assert result.exit_code == 0, result.output
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert files
    assert {path.stat().st_mode & 0o077 for path in [folder, *files]} == {0}


def test_names_files_that_everybody_may_read(app: Flask, settings: Settings, tmp_path: Path) -> None:
    assert read_rows(app, "SELECT 1 AS one") == [{"one": 1}]
    own_files = {tmp_path / "shop.db", tmp_path / "secrets.env", tmp_path / "mailbox.db"}
    for path in own_files:
        path.touch()
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_uid == os.getuid() and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o055)
    for path in tmp_path.iterdir():
        path.chmod(0o755 if path.is_dir() else 0o600)
    assert [name for name in find_open_files(settings) if name.startswith(str(tmp_path))] == []
    for path in own_files:
        path.chmod(0o644)
    open_files = [name for name in find_open_files(settings) if name.startswith(str(tmp_path))]
    assert open_files == sorted(map(str, own_files))
    tmp_path.chmod(0o700)  # nobody comes as far as to them
    assert [name for name in find_open_files(settings) if name.startswith(str(tmp_path))] == []
