"""`make soak`: thousands of purchases through real programs that are killed, starved and lied to meanwhile."""

import os
import signal
import sys
import tempfile
from pathlib import Path

import click

from tests.soak.run import Plan, Watcher, soak
from tests.soak.table import lines
from tests.support.databases import databases

ORDERS_PER_FAULT = 12


@click.command()
@click.option("--orders", default=10_000, show_default=True, envvar="ORDERS")
@click.option("--seed", default=1, show_default=True, envvar="SEED")
@click.option(
    "--engine", default="sqlite", show_default=True, envvar="ENGINE", type=click.Choice(["sqlite", "postgresql"])
)
@click.option("--faults", type=int, envvar="FAULTS", help=f"One for {ORDERS_PER_FAULT} purchases by default.")
def main(orders: int, seed: int, engine: str, faults: int | None) -> None:
    """Sell, fail, recover; then compare Stripe, the mailbox and the pages. Ends with 1 when anything is off.

    Ctrl-C ends the selling: what was sold until then is compared. Once more, or SIGTERM, ends all of it.
    """
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    watcher = Watcher(say=lambda line: click.echo(line, err=True))

    def end(number: int, _frame: object) -> None:
        was_asked = watcher.is_over.is_set()
        watcher.is_over.set()
        if was_asked or number == signal.SIGTERM:
            sys.exit(1)  # its programs end with it

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    many = orders // ORDERS_PER_FAULT if faults is None else faults
    with tempfile.TemporaryDirectory(prefix="storefront-soak-") as folder, databases(Path(folder)) as template:
        soaked = soak(Plan(orders=orders, seed=seed, engine=engine, faults=many), template, watcher)
    click.echo("\n".join(lines(soaked)))
    sys.exit(1 if soaked.verdict.findings or not soaked.bought else 0)


if __name__ == "__main__":
    main()
