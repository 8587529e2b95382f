"""`storefront accounting export`: printed, or into a file; a workbook is never printed."""

from pathlib import Path

from click.testing import CliRunner
from flask import Flask

from storefront.core import clock
from tests.cli.commands import done, refused, run
from tests.owner.accounting.reading import parse
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
