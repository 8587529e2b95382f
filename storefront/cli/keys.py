"""`storefront keys`: import them, see how the pools stand, look one up, replace it, withdraw it."""

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

import click

from storefront.cli.output import as_json, print_result, to_json_value
from storefront.cli.shop import open_shop
from storefront.cli.text_files import read_text


def _read_key(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    if value != "-":
        return value
    return read_text(Path(value)).strip()


@click.group()
def keys() -> None:
    """License keys: imported ones, and every key that was sold.

    A key that the shop made may be typed in any spelling, an imported one exactly as it is. Where KEY is `-` it is
    read from standard input: keys of several lines are easier to give so.
    """


@keys.command("import")
@click.argument("slug")
@click.argument("file", type=click.File("rb"))
@click.option("--column", help="Which column of a CSV file has the keys, by its heading.")
@click.option("--as-is", is_flag=True, help="Take keys, too, that look damaged, like no keys, or sold elsewhere.")
@click.option("--dry-run", is_flag=True, help="Say what would happen, and change nothing.")
@as_json
def import_file(
    *, slug: str, file: BinaryIO, column: str | None, as_is: bool, dry_run: bool, as_json: bool
) -> None:
    """Bring keys to sell: a text file with one a line, or CSV (`-` is standard input). All or none.

    A CSV file with several columns has a first line that names them. Blank lines and lines that begin with #
    are left out. A key of several lines stands in quotes. One file has up to 100,000 keys.

    Keys are sold, and told apart, exactly as they are written. What looks damaged (1.23457E+15, dates, #REF!, long
    dashes) or is no key (a heading, a sum, a line of HTML) is named, and nothing is imported. So it is with keys
    that may have been sold elsewhere, as a column for status, email or order id says.

    Orders that wait for a key are served at once, oldest first, and their buyers are told by mail.
    """
    from storefront.cli.key_problems import naming_problems
    from storefront.cli.key_text import import_lines
    from storefront.delivery.licenses.pools.import_keys import import_keys
    from storefront.delivery.licenses.pools.key_files import MAX_BYTES, read_keys

    with open_shop(), naming_problems(as_json=as_json):
        keys_of_file = read_keys(file.read(MAX_BYTES + 1), column=column, as_is=as_is)
        imported = import_keys(slug, keys_of_file, dry_run=dry_run)
    if dry_run and not as_json:
        click.echo("A dry run: nothing was changed. The import would say:", err=True)
    print_result({**asdict(imported), "dry_run": dry_run}, import_lines(imported), as_json=as_json)


@keys.command()
@click.argument("slug")
@click.argument("file_or_key")
@click.option("--column", help="Which column of a CSV file has the keys, by its heading.")
@as_json
def remove(slug: str, file_or_key: str, column: str | None, as_json: bool) -> None:
    """Take keys out of a pool that were imported by mistake: a file, or one key. All or none, and no sold one."""
    from storefront.cli.key_problems import naming_problems, read_file_or_key
    from storefront.cli.key_text import for_sale_words, keys_words
    from storefront.delivery.licenses.pools.remove_keys import remove_keys

    with open_shop(), naming_problems(as_json=as_json):
        removed = remove_keys(slug, read_file_or_key(file_or_key, column))
    line = f"Removed {keys_words(removed.removed)}. {for_sale_words(removed.unsold)}"
    print_result(asdict(removed), [line], as_json=as_json)


@keys.command("list")
@as_json
def list_pools(as_json: bool) -> None:
    """How many imported keys each product has left."""
    from storefront.cli.key_text import pool_line
    from storefront.delivery.licenses.pools import stock

    with open_shop():
        pools = stock.list_pools()
    print_result(
        [{**asdict(pool), "sold": pool.sold} for pool in pools],
        [pool_line(pool) for pool in pools],
        as_json=as_json,
        if_none="No product sells imported keys. `storefront products set SLUG --key-source pool` makes one.",
    )


@keys.command()
@as_json
def serve(as_json: bool) -> None:
    """Give waiting orders their keys now; the worker does it each minute."""
    from storefront.cli.key_text import keys_words
    from storefront.delivery.licenses.pools.fill_backorders import fill_backorders

    with open_shop():
        served = fill_backorders()
    line = f"{keys_words(served)} went out." if served else "Nobody waits for a key that is there."
    print_result({"served_keys": served}, [line], as_json=as_json)


@keys.command()
@click.argument("key", callback=_read_key)
@as_json
def show(key: str, as_json: bool) -> None:
    """All that is known of a key: its order, what it may do, and who had it when."""
    from storefront.cli.key_text import history_lines, history_to_json
    from storefront.delivery.licenses.key_history import get_key_history

    with open_shop():
        history = get_key_history(key)
    print_result(history_to_json(history), history_lines(history), as_json=as_json)


@keys.command()
@click.argument("key", callback=_read_key)
@click.option("--because", default="", help="For the order's history; the buyer does not see it.")
@click.option("--by-hand", is_flag=True, help="Also where no address is known: you give the new key to its owner.")
@as_json
def replace(key: str, because: str, by_hand: bool, as_json: bool) -> None:
    """Give a license another key and mail it to the buyer. KEY may be the number of an order with one key.

    Its devices are deactivated, and license files with the old key are void. A withdrawn key works again.
    """
    from storefront.cli.key_text import replaced_lines
    from storefront.delivery.licenses.owner_actions import replace_key

    with open_shop():
        replaced = replace_key(key, because=because, by_hand=by_hand)
    print_result(asdict(replaced), replaced_lines(replaced), as_json=as_json)


@keys.command()
@click.argument("key", callback=_read_key)
@click.option("--because", default="", help="For the order's history.")
@as_json
def withdraw(key: str, because: str, as_json: bool) -> None:
    """Stop one key, sold or not; its order and other keys stay as they are."""
    from storefront.delivery.licenses.owner_actions import withdraw_key

    with open_shop():
        hint = withdraw_key(key, because=because)
    line = f"{hint} is withdrawn. `storefront keys restore` gives it back."
    print_result({"key": hint, "state": "withdrawn"}, [line], as_json=as_json)


@keys.command()
@click.argument("key", callback=_read_key)
@as_json
def restore(key: str, as_json: bool) -> None:
    """Let a withdrawn key work again, on the same devices."""
    from storefront.delivery.licenses.owner_actions import restore_key

    with open_shop():
        hint = restore_key(key)
    print_result({"key": hint, "state": "restored"}, [f"{hint} works again."], as_json=as_json)


@keys.command()
@click.argument("key", callback=_read_key)
@click.option(
    "--until", type=click.DateTime(["%Y-%m-%d"]), metavar="DAY", help="The last day, which counts whole (UTC)."
)
@click.option("--never", is_flag=True, help="It never expires from now on.")
@click.option("--because", default="", help="For the order's history; the buyer does not see it.")
@as_json
def extend(*, key: str, until: datetime | None, never: bool, because: str, as_json: bool) -> None:
    """Let a license expire later. KEY may be the number of an order with one key. Devices stay."""
    from storefront.delivery.licenses.extend import extend_license
    from storefront.shop.catalog.last_day import end_of_day

    if (until is None) is not never:
        raise click.UsageError("Say either --until DAY or --never.")
    last = end_of_day(until.date().isoformat()) if until is not None else None
    with open_shop():
        extended = extend_license(key, until=last, because=because)
    line = f"{extended.hint} works until {last:%Y-%m-%d}." if last else f"{extended.hint} never expires."
    print_result(to_json_value(asdict(extended)), [line], as_json=as_json)


@keys.command()
@click.argument("key", callback=_read_key)
@click.argument("device")
@as_json
def deactivate(key: str, device: str, as_json: bool) -> None:
    """Give back the slot of a device, which `storefront orders show` names. KEY may be an order with one key."""
    from storefront.delivery.licenses.activations import deactivate_device_of

    with open_shop():
        is_gone = deactivate_device_of(key, device)
    line = "The device is deactivated." if is_gone else "This key has no such device, or not any more."
    print_result({"deactivated": is_gone}, [line], as_json=as_json)


@keys.command()
@click.option("--yes", is_flag=True, help="Every program of the shop runs the new code: do not ask.")
@as_json
def seal(*, yes: bool, as_json: bool) -> None:
    """Make every key unreadable in the database without SECRET_KEY. New shops begin so.

    The shop may sell meanwhile. Safe to repeat: after SECRET_KEY was changed, this makes the new one open them.
    Code older than schema 0060 cannot read sealed keys, and there is no way back but a backup.
    """
    from storefront.cli.key_text import sealed_lines
    from storefront.delivery.licenses.seal_keys import is_sealed, seal_keys

    with open_shop():
        if not is_sealed() and not yes:
            click.confirm(
                "Older code cannot read sealed keys. Does every web process and worker run this code?",
                abort=True,
                err=as_json,
            )
        sealed = seal_keys(_wait)
    print_result(asdict(sealed), sealed_lines(sealed), as_json=as_json)


def _wait(seconds: float) -> None:
    import time

    click.echo(f"Waiting {seconds:.0f} seconds until every process knows of the data key.", err=True)
    time.sleep(seconds)
