"""Files for the accountant as a program reads them, and what the sandbox says it booked."""

import csv
import io
from collections import defaultdict
from datetime import timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask

from storefront.audit.csv_export import BOM
from storefront.core import clock
from storefront.core.db import db
from storefront.core.money import digits
from storefront.owner.accounting.csv_file import CsvForm
from storefront.owner.accounting.export import export_csv
from storefront.owner.accounting.oss import Oss, read_oss
from storefront.owner.accounting.periods import Quarter
from storefront.owner.figures.spans import Span
from tests.support.sandbox_client import SandboxClient

UTC = ZoneInfo("UTC")
FORM = CsvForm()
Row = dict[str, str]


def these_days() -> Span:
    """Some weeks around today: the sandbox's clock may be ahead of ours."""
    today = clock.now().date()
    return Span(first=today - timedelta(days=400), last=today + timedelta(days=400))


def parse(text: str, delimiter: str = ",") -> list[Row]:
    assert text.startswith(BOM)
    return list(csv.DictReader(io.StringIO(text.removeprefix(BOM)), delimiter=delimiter))


def read_file(app: Flask, span: Span | None = None, zone: ZoneInfo = UTC) -> list[Row]:
    with app.app_context():
        text = "".join(export_csv(span or these_days(), zone, FORM))
        db.session.remove()
    return parse(text)


def read_quarter_of(app: Flask, quarter: Quarter, zone: ZoneInfo = UTC) -> Oss:
    with app.app_context():
        oss = read_oss(quarter, zone)
        db.session.remove()
    return oss


def sums_of(rows: list[Row]) -> dict[str, tuple[int, int, int]]:
    """Currency of the account -> amount, fee and net of all rows, in minor units."""
    sums: dict[str, list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 3)
    for row in rows:
        if currency := row["settled_currency"]:
            cells = (row["settled"], row["fee"], row["settled_net"])
            added = [Decimal(cell).scaleb(digits(currency)) for cell in cells]
            sums[currency] = [one + other for one, other in zip(sums[currency], added, strict=True)]
    return {currency: (int(found[0]), int(found[1]), int(found[2])) for currency, found in sums.items()}


def sums_at_stripe(sandbox: SandboxClient, **asked: Any) -> dict[str, tuple[int, int, int]]:
    """The same of the sandbox's balance transactions; `asked` as their list takes it."""
    sums: dict[str, list[int]] = defaultdict(lambda: [0] * 3)
    params: Any = {"limit": 100} | asked
    listed = sandbox.stripe.v1.balance_transactions.list(params)
    for line in listed.auto_paging_iter():
        added = (line.amount, line.fee, line.net)
        sums[line.currency] = [one + other for one, other in zip(sums[line.currency], added, strict=True)]
    return {currency: (found[0], found[1], found[2]) for currency, found in sums.items()}
