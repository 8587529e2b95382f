"""`storefront accounting`: files for the accountant, and what was sold across the EU."""

from collections.abc import Iterable
from contextlib import nullcontext
from pathlib import Path

import click

from storefront.cli.choices import DECIMAL_SIGNS, FILE_FORMATS, SEPARATORS
from storefront.cli.out_file import whole_file
from storefront.cli.output import as_json, print_result
from storefront.cli.shop import open_shop


@click.group()
def accounting() -> None:
    """Files for the accountant, and what was sold across the EU."""


@accounting.command()
@click.option("--from", "first", default="", help="The first day, like 2026-11-01. Not given: the last month.")
@click.option("--to", "last", default="", help="The last day. Not given: the first alone.")
@click.option("--format", "file_format", type=click.Choice(FILE_FORMATS), default="csv", show_default=True)
@click.option("--separator", type=click.Choice(SEPARATORS), default="comma", help="Between the cells of CSV.")
@click.option("--decimal", type=click.Choice(DECIMAL_SIGNS), default="point", help="In the amounts of CSV.")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="A file. Not given: printed.")
def export(file_format: str, output: Path | None, **asked: str) -> None:
    """Every movement of money as a row: sales line by line, refunds, disputes, payouts, with tax and fees."""
    from storefront.owner.accounting.csv_file import read_csv_form
    from storefront.owner.accounting.export import export_csv, export_xlsx
    from storefront.owner.accounting.periods import read_days
    from storefront.shop.profile.zone import shop_zone, today

    if file_format == "xlsx" and output is None:
        raise click.UsageError("A workbook needs --output FILE.xlsx.")
    with open_shop(says_try_again=False):
        zone = shop_zone()
        span = read_days(asked["first"], asked["last"], today=today(zone))
        form = read_csv_form(asked["separator"], asked["decimal"])
        # The file first: what cannot be written is not noted as exported.
        with whole_file(output) if output is not None else nullcontext() as path:
            if path is not None and file_format == "xlsx":
                export_xlsx(span, zone, path)
            else:
                _write(path, export_csv(span, zone, form))


def _write(path: Path | None, pieces: Iterable[str]) -> None:
    with click.open_file(str(path or "-"), "wb") as out:
        for piece in pieces:
            out.write(piece.encode())


@accounting.command()
@click.argument("quarter", default="")
@as_json
def oss(quarter: str, as_json: bool) -> None:
    """What was sold to buyers in the EU in a QUARTER like 2026-Q4, by country and rate. Not given: the last one.

    This is no tax advice: it says what Stripe Tax worked out, in the currency of your account.
    """
    from storefront.cli.oss_text import oss_lines, oss_to_json
    from storefront.owner.accounting.oss import read_oss
    from storefront.owner.accounting.periods import read_quarter
    from storefront.shop.profile.zone import shop_zone, today

    with open_shop(says_try_again=False):
        zone = shop_zone()
        read = read_oss(read_quarter(quarter, today=today(zone)), zone)
    print_result(oss_to_json(read), list(oss_lines(read)), as_json=as_json)
