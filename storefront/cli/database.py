"""`storefront db`: the database's schema."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from flask import Flask

    from storefront.owner.upgrade.prepare import Prepared

WAIT_SECONDS = 0.2
MOST_DEADLOCKS = 5


@click.group()
def db() -> None:
    """The database's schema."""


@db.command()
@click.option("--dry-run", is_flag=True, help="Only say what it would do; change nothing.")
@click.option("--without-backup", is_flag=True, help="Go on without a backup of the last 24 hours.")
def upgrade(dry_run: bool, without_backup: bool) -> None:
    """Apply the migrations that are missing: all of them, or none. Says before what they do."""
    from storefront.cli.make_app import in_sentences, make_command_app
    from storefront.cli.upgrade_text import prepared_lines
    from storefront.owner.upgrade.prepare import prepare

    app = make_command_app()
    with app.app_context(), in_sentences(), _one_at_a_time():
        prepared = prepare(without_backup=without_backup or dry_run)
        for line in prepared_lines(prepared):
            click.echo(line)
        if not dry_run:
            _apply(app, prepared)


def _apply(app: "Flask", prepared: "Prepared") -> None:
    from storefront.cli.upgrade_text import DONE
    from storefront.delivery.licenses.seal_keys import seal_new_shop
    from storefront.migrations.head import head

    if prepared.steps:
        with _telling_what_to_do():
            _upgrade_beside_a_shop(app)
    if prepared.is_new:  # older code serves on a newer schema, and reads no sealed keys
        seal_new_shop()
    if prepared.steps:
        click.echo(DONE.format(head=head()))


def _upgrade_beside_a_shop(app: "Flask") -> None:
    """PostgreSQL may end it for a sale that holds what it wants: all is as before then, and the same works."""
    from sqlalchemy.exc import DBAPIError

    from storefront.core.outages import is_deadlock
    from storefront.migrations import schema

    for is_last in (*[False] * MOST_DEADLOCKS, True):
        try:
            schema.upgrade(app)
        except DBAPIError as error:
            if is_last or not is_deadlock(error):
                raise
            click.echo("The shop was at work in the same tables. Trying again.", err=True)
        else:
            return


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Wait for another one, and say so; what it did need not be done again."""
    import time

    from storefront.core.one_at_a_time import alone

    has_said = False
    while True:
        with alone("upgrade") as is_alone:
            if is_alone:
                yield
                return
        if not has_said:
            click.echo("Another upgrade is at work: waiting for it.", err=True)
            has_said = True
        time.sleep(WAIT_SECONDS)


@contextmanager
def _telling_what_to_do() -> Iterator[None]:
    """A step that failed took back all others: the shop goes on as it was."""
    from sqlalchemy.exc import DBAPIError

    from storefront.cli.upgrade_text import FAILED
    from storefront.core.outages import find_outage

    try:
        yield
    except DBAPIError as error:
        if find_outage(error):
            raise
        why = str(error.orig).partition("\n")[0]  # what follows may quote a row
        raise click.ClickException(FAILED.format(why=why)) from error
