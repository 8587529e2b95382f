"""`make bench`: the shop beside bare endpoints, in one run on one machine. `--help` shows the parts."""

import os
import platform
import tempfile
from collections.abc import Callable
from pathlib import Path

import click

from tests.benchmarks.downloads import downloads
from tests.benchmarks.filling import fill
from tests.benchmarks.fulfillment import webhook_orders
from tests.benchmarks.monitors import monitors
from tests.benchmarks.paint import paint
from tests.benchmarks.scenarios import busy_orders, catalog_page, duplicate_webhook, new_order, product_page
from tests.benchmarks.server_choice import compare_servers
from tests.benchmarks.trivial import measure_load
from tests.benchmarks.validate import validate
from tests.benchmarks.world import THREADS, world

PARTS = (
    "load",
    "catalog",
    "product",
    "duplicate",
    "webhook",
    "order",
    "busy",
    "validate",
    "download",
    "paint",
    "monitors",
    "servers",
)


@click.command()
@click.argument("parts", nargs=-1, type=click.Choice(PARTS))
@click.option("--rounds", default=7, show_default=True, help="Of each side, interleaved; the median counts.")
@click.option("--seconds", default=3.0, show_default=True, help="Of one round.")
@click.option("--orders", default=200, show_default=True, help="Of one round of new orders.")
@click.option("--engine", default="sqlite", show_default=True, type=click.Choice(["sqlite", "postgresql"]))
@click.option("--filled", default=0, show_default=True, help="Orders that the shop has sold before.")
def main(parts: tuple[str, ...], *, rounds: int, seconds: float, orders: int, engine: str, filled: int) -> None:
    """Measure the shop beside bare endpoints on the same server, threads and database."""
    wanted = parts or PARTS[:-1]
    click.echo(
        f"{os.cpu_count()} cores, Python {platform.python_version()}, 1 process with {THREADS} threads, {engine}; "
        f"{rounds} interleaved rounds, medians"
    )
    if "load" in wanted:
        measure_load(seconds=seconds)
    with tempfile.TemporaryDirectory(prefix="storefront-bench-") as folder, world(Path(folder), engine) as made:
        if filled:
            fill(made, filled)
        measures: dict[str, Callable[[], object]] = {
            "catalog": lambda: catalog_page(made, rounds=rounds, seconds=seconds),
            "product": lambda: product_page(made, rounds=rounds, seconds=seconds),
            "duplicate": lambda: duplicate_webhook(made, rounds=rounds, seconds=seconds),
            "webhook": lambda: webhook_orders(made, rounds=rounds, orders=orders),
            "order": lambda: new_order(made, rounds=rounds, orders=orders),
            "busy": lambda: busy_orders(made, rounds=rounds, orders=orders),
            "validate": lambda: validate(made, rounds=rounds, seconds=seconds),
            "download": lambda: downloads(made, rounds=rounds, seconds=seconds),
            "paint": lambda: paint(made, rounds=rounds),
            "monitors": lambda: monitors(made),
            # Only when asked for: it decided which one `storefront serve` starts.
            "servers": lambda: compare_servers(made, rounds=rounds, seconds=seconds),
        }
        for part, measure in measures.items():
            if part in wanted:
                measure()


if __name__ == "__main__":
    main()
