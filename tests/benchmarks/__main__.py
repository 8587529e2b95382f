"""`make bench`: the shop beside bare endpoints, in one run on one machine. `--help` shows the parts."""

import os
import platform
import tempfile
from pathlib import Path

import click

from tests.benchmarks.downloads import downloads
from tests.benchmarks.scenarios import busy_orders, catalog_page, duplicate_webhook, new_order, product_page
from tests.benchmarks.server_choice import compare_servers
from tests.benchmarks.trivial import measure_load
from tests.benchmarks.validate import validate
from tests.benchmarks.world import THREADS, world

PARTS = ("load", "catalog", "product", "duplicate", "order", "busy", "validate", "download", "servers")


@click.command()
@click.argument("parts", nargs=-1, type=click.Choice(PARTS))
@click.option("--rounds", default=7, show_default=True, help="Of each side, interleaved; the median counts.")
@click.option("--seconds", default=3.0, show_default=True, help="Of one round.")
@click.option("--orders", default=200, show_default=True, help="Of one round of new orders.")
def main(parts: tuple[str, ...], rounds: int, seconds: float, orders: int) -> None:
    """Measure the shop beside bare endpoints on the same server, threads and database."""
    wanted = parts or PARTS[:-1]
    click.echo(
        f"{os.cpu_count()} cores, Python {platform.python_version()}, 1 process with {THREADS} threads, SQLite; "
        f"{rounds} interleaved rounds, medians"
    )
    if "load" in wanted:
        measure_load(seconds=seconds)
    with tempfile.TemporaryDirectory(prefix="storefront-bench-") as folder, world(Path(folder)) as made:
        if "catalog" in wanted:
            catalog_page(made, rounds=rounds, seconds=seconds)
        if "product" in wanted:
            product_page(made, rounds=rounds, seconds=seconds)
        if "duplicate" in wanted:
            duplicate_webhook(made, rounds=rounds, seconds=seconds)
        if "order" in wanted:
            new_order(made, rounds=rounds, orders=orders)
        if "busy" in wanted:
            busy_orders(made, rounds=rounds, orders=orders)
        if "validate" in wanted:
            validate(made, rounds=rounds, seconds=seconds)
        if "download" in wanted:
            downloads(made, rounds=rounds, seconds=seconds)
        if "servers" in wanted:  # only when asked for: it decided which one `storefront serve` starts
            compare_servers(made, rounds=rounds, seconds=seconds)


if __name__ == "__main__":
    main()
