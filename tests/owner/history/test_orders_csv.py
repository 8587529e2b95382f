"""`storefront orders csv`: every order once, in the words of its buyer, for a spreadsheet."""

import csv
import io

import pytest
from click.testing import CliRunner
from flask import Flask

from storefront.core.db import db
from storefront.owner.history import orders_csv
from tests.cli.commands import run
from tests.support.databases import BOTH
from tests.support.rows import change_rows
from tests.support.sale import number_of, sell
from tests.support.sandbox_client import SandboxClient


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_reads_orders_in_batches_with_nothing_open_between(
    app: Flask, sandbox: SandboxClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(orders_csv, "BATCH", 2)
    numbers = [number_of(sell(app, sandbox)) for _ in range(5)]
    change_rows(app, "UPDATE orders SET placed_at = (SELECT min(placed_at) FROM orders) WHERE id < 4")
    read = []
    with app.app_context():
        for line in orders_csv.csv_of_orders():
            read.append(line.partition(",")[0])
            assert len(read) == 1 or not db.session().in_transaction()
    assert read == ["number", *numbers]


@pytest.mark.parametrize("charset", ["utf-8", "cp1252"])
def test_is_utf_8_and_says_so_to_spreadsheets(
    app: Flask, sandbox: SandboxClient, command: CliRunner, charset: str
) -> None:
    """Also where a redirected terminal has its country's code page."""
    sell(app, sandbox, name="J\u00f6rg")
    command.charset = charset
    answer = run(command, "orders", "csv")
    assert answer.stdout_bytes.startswith(b"\xef\xbb\xbfnumber,")
    (row,) = csv.DictReader(io.StringIO(answer.stdout_bytes.decode("utf-8-sig")))
    assert row["name"] == "J\u00f6rg"
