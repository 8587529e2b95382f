"""`storefront accounting export`: printed, or into a file; a workbook is never printed."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask

from storefront.core import clock
from tests.cli.commands import done, refused, run
from tests.owner.accounting.reading import parse
from tests.support.rows import change_rows, read_rows
from tests.support.sale import number_of, sell
from tests.support.sandbox_client import SandboxClient


def test_prints_csv_and_writes_files(
    app: Flask, sandbox: SandboxClient, command: CliRunner, tmp_path: Path
) -> None:
    number = number_of(sell(app, sandbox))
    today = clock.now().date().isoformat()
    asked = ("accounting", "export", "--from", today)
    (row,) = parse(done(command, *asked))
    assert (row["order"], row["total"], row["booked"]) == (number, "19.00", "not yet")
    path = tmp_path / "month.csv"
    done(command, *asked, "--separator", "semicolon", "--decimal", "comma", "--output", str(path))
    assert parse(path.read_text(encoding="utf-8"), ";")[0]["total"] == "19,00"
    book = tmp_path / "month.xlsx"
    done(command, *asked, "--format", "xlsx", "--output", str(book))
    assert book.read_bytes().startswith(b"PK")
    answer = run(command, *asked, "--format", "xlsx")
    assert answer.exit_code == 2
    assert "needs --output" in answer.output
    assert "Write days like" in refused(command, "accounting", "export", "--from", "soon")


EXPORT = ("accounting", "export", "--from", "2026-11-01", "--format")
FORMATS = pytest.mark.parametrize("file_format", ["csv", "xlsx"])


@FORMATS
def test_leaves_the_file_of_before_where_a_run_fails(
    app: Flask, command: CliRunner, tmp_path: Path, file_format: str
) -> None:
    (folder := tmp_path / "exports").mkdir()
    path = folder / "november"
    path.write_text("the good one")
    path.chmod(0o640)
    (link := tmp_path / "link").symlink_to(path)
    change_rows(app, "ALTER TABLE money_lines RENAME TO away")
    assert run(command, *EXPORT, file_format, "--output", str(link)).exit_code == 1
    assert path.read_text() == "the good one"
    change_rows(app, "ALTER TABLE away RENAME TO money_lines")
    done(command, *EXPORT, file_format, "--output", str(link))
    assert path.read_bytes().startswith({"csv": b"\xef\xbb\xbf", "xlsx": b"PK"}[file_format])
    assert (path.stat().st_mode & 0o777, list(folder.iterdir()), link.is_symlink()) == (0o640, [path], True)


@FORMATS
def test_notes_no_export_of_what_cannot_be_written(
    app: Flask, command: CliRunner, tmp_path: Path, file_format: str
) -> None:
    path = tmp_path / "missing" / "november"
    refused_words = refused(command, *EXPORT, file_format, "--output", str(path))
    assert f"{path} cannot be written (No such file or directory)." in refused_words
    assert read_rows(app, "SELECT verb FROM audit_entries WHERE verb = 'accounting.exported'") == []


def test_writes_into_what_is_no_ordinary_file(app: Flask, command: CliRunner) -> None:
    done(command, *EXPORT, "csv", "--output", "/dev/null")
    assert not Path("/dev/null").is_file()
