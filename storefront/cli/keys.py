"""`storefront keys`: import them, see how the pools stand, look one up, replace it, withdraw it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import BinaryIO

import click

from storefront.cli.output import as_json, print_json
from storefront.cli.shop import open_shop
from storefront.cli.terminal import plain
from storefront.delivery.licenses import owner_actions
from storefront.delivery.licenses.key_history import get_key_history
from storefront.delivery.licenses.pools import stock
from storefront.delivery.licenses.pools.fill_backorders import fill_backorders
from storefront.delivery.licenses.pools.import_keys import import_keys
from storefront.delivery.licenses.pools.key_files import KeyFile, one_key, read_keys
from storefront.delivery.licenses.pools.refusal import KeysRefused
from storefront.delivery.licenses.pools.remove_keys import remove_keys

MOST_PROBLEMS = 50  # shown; --json has all


def _read_key(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    if value != "-":
        return value
    with click.open_file("-", encoding="utf-8") as given:
        key: str = given.read()
    return key.strip()


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
@click.option("--as-is", is_flag=True, help="Take keys, too, that look as if another program had damaged them.")
@click.option("--dry-run", is_flag=True, help="Say what would happen, and change nothing.")
@as_json
def import_file(
    *, slug: str, file: BinaryIO, column: str | None, as_is: bool, dry_run: bool, as_json: bool
) -> None:
    """Bring keys to sell: a text file with one a line, or CSV (`-` is standard input). All or none.

    A CSV file with several columns has a first line that names them. Blank lines and lines that begin with #
    are left out. A key of several lines stands in quotes.

    Keys are sold, and told apart, exactly as they are written. Those that look damaged (1.23457E+15, dates, #REF!,
    long dashes) are named, and nothing is imported.

    Orders that wait for a key are served at once, oldest first, and their buyers are told by mail.
    """
    with open_shop(), _naming_problems(as_json=as_json):
        done = import_keys(slug, read_keys(file.read(), column=column, as_is=as_is), dry_run=dry_run)
    if as_json:
        print_json({**asdict(done), "dry_run": dry_run})
        return
    if dry_run:
        click.echo("A dry run: nothing was changed. The import would say:", err=True)
    left_out = {"blank": len(done.blank_lines), "comment": len(done.comment_lines)}
    words = ", ".join(f"{count} {kind} lines" for kind, count in left_out.items() if count)
    click.echo(f"Imported {done.imported} keys{words and f' ({words} left out)'}. {done.unsold} are for sale.")
    if done.long_lines:
        shown = ", ".join(map(str, done.long_lines[:MOST_PROBLEMS]))
        more = " and more" if len(done.long_lines) > MOST_PROBLEMS else ""
        click.echo(f"Keys of several lines: {len(done.long_lines)} (from line {shown}{more}).")
    if done.served_keys:
        click.echo(f"{done.served_keys} went to {done.served_orders} orders that waited; mails are on their way.")
    if done.waiting:
        click.echo(f"{done.waiting} more are waited for.")


@contextmanager
def _naming_problems(*, as_json: bool) -> Iterator[None]:
    """Every line that cannot be used, then the end with 1."""
    try:
        yield
    except KeysRefused as error:
        _print_problems(error, as_json=as_json)
        raise click.exceptions.Exit(1) from error


def _print_problems(error: KeysRefused, *, as_json: bool) -> None:
    if as_json:
        print_json({error.done: 0, "problems": [asdict(problem) for problem in error.problems]})
        return
    for problem in error.problems[:MOST_PROBLEMS]:
        click.echo(plain(f"line {problem.number}: {problem.text}"), err=True)
    if len(error.problems) > MOST_PROBLEMS:
        click.echo(f"and {len(error.problems) - MOST_PROBLEMS} more: --json shows all.", err=True)
    click.echo(error.message, err=True)


@keys.command()
@click.argument("slug")
@click.argument("file_or_key")
@click.option("--column", help="Which column of a CSV file has the keys, by its heading.")
@as_json
def remove(slug: str, file_or_key: str, column: str | None, as_json: bool) -> None:
    """Take keys out of a pool that were imported by mistake: a file, or one key. All or none, and no sold one."""
    with open_shop(), _naming_problems(as_json=as_json):
        done = remove_keys(slug, _read_file_or_key(file_or_key, column))
    if as_json:
        print_json(asdict(done))
        return
    click.echo(f"Removed {done.removed} keys. {done.unsold} are for sale.")


def _read_file_or_key(text: str, column: str | None) -> KeyFile:
    if text == "-" or os.path.isfile(text):  # noqa: PTH113 - Path's raises where a key is too long for a name
        with click.open_file(text, "rb") as file:
            return read_keys(file.read(), column=column, as_is=True)  # damaged ones are what goes
    return one_key(text)


@keys.command("list")
@as_json
def list_pools(as_json: bool) -> None:
    """How many imported keys each product has left."""
    with open_shop():
        pools = stock.list_pools()
    if as_json:
        print_json([{**asdict(pool), "sold": pool.sold} for pool in pools])
        return
    for pool in pools:
        click.echo(
            f"{pool.slug}: {pool.unsold} for sale, {pool.sold} sold, {pool.withdrawn} withdrawn, "
            f"{pool.waiting} waited for"
        )
    if not pools:
        click.echo("No product sells imported keys. `storefront products set SLUG --key-source pool` makes one.")


@keys.command()
@as_json
def serve(as_json: bool) -> None:
    """Give waiting orders their keys now; the worker does it each minute."""
    with open_shop():
        served = fill_backorders()
    if as_json:
        print_json({"served_keys": served})
        return
    click.echo(f"{served} keys went out." if served else "Nobody waits for a key that is there.")


@keys.command()
@click.argument("key", callback=_read_key)
@as_json
def show(key: str, as_json: bool) -> None:
    """All that is known of a key: its order, what it may do, and who had it when."""
    with open_shop():
        story = get_key_history(key)
    if as_json:
        value = asdict(story)
        value["access"] = story.access and {"allowed": story.access.allowed, "reason": story.access.reason.value}
        print_json(value)
        return
    first, *more = story.key.split("\n")
    lines = [
        f"Key        {first}",
        *(f"           {line}" for line in more),
        f"Product    {story.product}",
        f"Order      {story.order_number or 'not sold'}",
    ]
    if story.is_retired:
        lines.append("State      replaced by another key")
    elif story.removed_at:
        lines.append(f"State      removed on {story.removed_at:%Y-%m-%d}")
    elif story.withdrawn_at:
        lines.append(f"State      withdrawn on {story.withdrawn_at:%Y-%m-%d}")
    elif story.access:
        lines.append(f"State      {story.access.sentence}")
    if story.order_number:
        limit = "no limit" if story.activation_limit is None else story.activation_limit
        lines.append(f"Devices    {story.devices} of {limit}")
        lines.append(f"Expires    {story.expires_at:%Y-%m-%d}" if story.expires_at else "Expires    never")
    lines += [f"{each.at:%Y-%m-%d %H:%M}  {each.what}  {each.detail}".rstrip() for each in story.custody]
    for line in lines:
        click.echo(plain(line))


@keys.command()
@click.argument("key", callback=_read_key)
@click.option("--because", default="", help="For the order's history; the buyer does not see it.")
@as_json
def replace(key: str, because: str, as_json: bool) -> None:
    """Give a license another key and mail it to the buyer. KEY may be the number of an order with one key.

    Its devices are deactivated, and license files with the old key are void. A withdrawn key works again.
    """
    with open_shop():
        done = owner_actions.replace_key(key, because=because)
    if as_json:
        print_json(asdict(done))
        return
    first, *more = done.key.split("\n")
    click.echo(
        plain(f"{done.product}, order {done.order_number}: {done.old_hint} is now {first}{'' if more else '.'}")
    )
    for line in more:
        click.echo(plain(line))
    if done.was_withdrawn:
        click.echo("The old key was withdrawn; the new one works.")
    if done.devices_removed:
        click.echo(f"{done.devices_removed} devices were deactivated: they need the new key.")
    click.echo(plain(f"A mail brings it to {done.email}."))


@keys.command()
@click.argument("key", callback=_read_key)
@click.option("--because", default="", help="For the order's history.")
@as_json
def withdraw(key: str, because: str, as_json: bool) -> None:
    """Stop one key, sold or not; its order and other keys stay as they are."""
    with open_shop():
        hint = owner_actions.withdraw_key(key, because=because)
    if as_json:
        print_json({"key": hint, "state": "withdrawn"})
        return
    click.echo(f"{hint} is withdrawn. `storefront keys restore` gives it back.")


@keys.command()
@click.argument("key", callback=_read_key)
@as_json
def restore(key: str, as_json: bool) -> None:
    """Let a withdrawn key work again, on the same devices."""
    with open_shop():
        hint = owner_actions.restore_key(key)
    if as_json:
        print_json({"key": hint, "state": "restored"})
        return
    click.echo(f"{hint} works again.")
