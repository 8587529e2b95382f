"""`storefront backup` and `storefront restore`: the whole shop, encrypted, to a folder or a bucket and back."""

from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from storefront.cli.output import as_json, print_result
from storefront.cli.shop import open_shop
from storefront.cli.text_files import decode

if TYPE_CHECKING:
    from storefront.core.depots import Depot

CLOSE = 0.75  # of difflib: two letters that changed places in a word of five
COUNT = click.IntRange(0, 10_000)
PLACE = click.argument("address", metavar="PLACE")
NAME = click.option("--name", metavar="NAME", help="One of `backup list`. Without it: the newest.")
IDENTITY = click.option(
    "--identity",
    type=click.File("rb"),
    required=True,
    help="The file with the secret half of your key; - reads it from the terminal or a pipe.",
)


class _Backups(click.Group):
    """`storefront backup PLACE` is what everybody types; a folder named like a command is written ./list."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            self._demand_place(args[0])
            args = ["make", *args]
        return super().resolve_command(ctx, args)

    def _demand_place(self, word: str) -> None:
        """Refuse a mistyped command: a backup would lie in a new folder of its name."""
        meant = get_close_matches(word, [*self.commands, "restore"], n=1, cutoff=CLOSE)
        if meant and not Path(word).exists():
            command = "restore" if meant[0] == "restore" else f"backup {meant[0]}"
            raise click.UsageError(f"Did you mean `storefront {command}`? For a new folder {word} write ./{word}.")


@click.group(cls=_Backups)
def backup() -> None:
    """Back up the whole shop: `storefront backup PLACE`, a folder or s3://bucket/prefix, gs://…, az://…"""


@backup.command()
@PLACE
@click.option("--keep", type=COUNT, default=0, help="Keep so many of the newest, and remove others.")
@click.option("--keep-daily", type=COUNT, default=0, help="Keep the newest of each of so many days.")
@click.option("--keep-weekly", type=COUNT, default=0, help="The same of weeks.")
@click.option("--keep-monthly", type=COUNT, default=0, help="The same of months.")
@as_json
def make(*, address: str, keep: int, keep_daily: int, keep_weekly: int, keep_monthly: int, as_json: bool) -> None:
    """Write the database and all files, encrypted, while the shop runs. Without --keep… every backup stays.

    Ends with 1 where files of the shop are missing: then no old backup is removed.
    """
    from dataclasses import asdict

    from storefront.cli.backup_text import made_lines
    from storefront.owner.backup.keep import Keep
    from storefront.owner.backup.make import make_backup

    kept = Keep(newest=keep, daily=keep_daily, weekly=keep_weekly, monthly=keep_monthly)
    with open_shop():
        made = make_backup(_open(address), kept)
    print_result(asdict(made), made_lines(made), as_json=as_json)
    if made.missing:
        raise click.exceptions.Exit(1)


@backup.command("list")
@PLACE
@as_json
def list_command(address: str, as_json: bool) -> None:
    """Show the backups of a place, the newest first."""
    from storefront.cli.backup_text import seen_line, seen_to_json
    from storefront.owner.backup.check import list_backups

    with open_shop():
        seen = list_backups(_open(address))
    print_result(
        [seen_to_json(one) for one in seen], map(seen_line, seen), as_json=as_json, if_none="There is none yet."
    )


@backup.command()
@PLACE
@NAME
@as_json
def check(address: str, name: str | None, as_json: bool) -> None:
    """Read a whole backup and compare it with what was written. Ends with 1 where something is wrong."""
    from storefront.cli.backup_text import checked_line, seen_to_json
    from storefront.owner.backup.check import check_backup

    with open_shop():
        seen = check_backup(_open(address), name)
    print_result(seen_to_json(seen), [checked_line(seen)], as_json=as_json)


@backup.command()
@as_json
def key(as_json: bool) -> None:
    """Make the key that backups are encrypted to. Its secret half is shown once, and kept nowhere."""
    from storefront.cli.backup_text import KEY_LINES
    from storefront.owner.backup.age import make_key

    secret, recipient = make_key()
    lines = [line.format(secret=secret, recipient=recipient) for line in KEY_LINES]
    print_result({"secret": secret, "recipient": recipient}, lines, as_json=as_json)


@backup.command()
@PLACE
@NAME
@IDENTITY
@as_json
def secret_key(address: str, name: str | None, identity: BinaryIO, as_json: bool) -> None:
    """Print the SECRET_KEY of the shop that a backup is of: for when it was lost with the machine."""
    from storefront.owner.backup.restore import read_secret_keys

    with open_shop():
        secret, *before = read_secret_keys(_open(address), name, identity=_read_key(identity))
    lines = [secret, *([f"SECRET_KEY_FALLBACKS={','.join(before)}"] if before else [])]
    print_result({"secret_key": secret, "secret_key_fallbacks": before}, lines, as_json=as_json)


@click.command()
@PLACE
@NAME
@IDENTITY
@as_json
def restore(address: str, name: str | None, identity: BinaryIO, as_json: bool) -> None:
    """Bring a shop back from a backup, into an empty database. Stop web server and worker before."""
    from dataclasses import asdict

    from storefront.cli.backup_text import restored_lines
    from storefront.owner.backup.restore import restore_backup

    with open_shop():
        restored = restore_backup(_open(address), name, identity=_read_key(identity))
    print_result(asdict(restored), restored_lines(restored), as_json=as_json)


def _read_key(identity: BinaryIO) -> str:
    """Return the text of a file, whatever wrote it: what is no key in it is refused as such."""
    return decode(identity.read(), errors="replace")


def _open(address: str) -> "Depot":
    from storefront.core.depots import open_depot
    from storefront.core.runtime import settings

    return open_depot(address, settings())
