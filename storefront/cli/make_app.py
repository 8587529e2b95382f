"""The shop of a command: with the environment's settings, and a worker's patience with Stripe."""

import getpass
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click
from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from storefront.audit.actor import Actor
from storefront.audit.models import ActorKind
from storefront.cli.late_pages import create_late_app
from storefront.cli.read_settings import listing_problems, read_settings
from storefront.cli.terminal import plain
from storefront.core.config.settings import Settings
from storefront.core.db import db
from storefront.core.errors import StorefrontError, StripeUnavailable
from storefront.core.logs import set_up_logs
from storefront.core.outages import find_outage
from storefront.core.replica import close_replica
from storefront.migrations.state import find_newer, is_not_upgraded
from storefront.stripe_api.gateway import FOR_WORKERS, set_up_gateway


def make_app(*, log_level: int = logging.WARNING) -> Flask:
    """Return the whole shop, for commands that become a server. Wrong settings end them: every line to mend."""
    from storefront.app import create_app

    return _make(create_app, log_level)


def make_command_app() -> Flask:
    """Return the shop without pages, for commands that a person waits for: it has them once it needs one.

    Such a command says itself what it did: of its log only trouble is shown.
    """
    return _make(create_late_app, logging.WARNING)


def _make(create: Callable[[Settings], Flask], log_level: int) -> Flask:
    settings = read_settings()
    set_up_logs(as_json=settings.log_json, level=log_level)
    with listing_problems():
        app = create(settings)
    set_up_gateway(app, settings, FOR_WORKERS)
    click.get_current_context().call_on_close(lambda: _close_database(app))
    return app


def command_actor() -> Actor:
    """Return who the audit log names: this user of the machine, and where an SSH session comes from."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a user id without a name, as containers have
        name = f"user {os.getuid()}"
    client = os.environ.get("SSH_CONNECTION", "").partition(" ")[0]
    return Actor(kind=ActorKind.COMMAND, name=name, client=client[:64])


@contextmanager
def in_sentences(*, says_try_again: bool = True) -> Iterator[None]:
    """End the command without a traceback where something happened that is no bug."""
    try:
        yield
    except StorefrontError as error:
        raise click.ClickException(_sentence(error, says_try_again=says_try_again)) from error
    except SQLAlchemyError as error:
        outage = find_outage(error)
        if outage is None:
            raise
        raise click.ClickException(
            f"The database cannot be used right now ({outage.why}): look at DATABASE_URL and its disk, "
            "then try again. Asking twice does no harm."
        ) from error


@contextmanager
def asking_for_upgrade() -> Iterator[None]:
    """End the command with what to do where the schema is older than the code."""
    try:
        yield
    except SQLAlchemyError as error:
        if is_not_upgraded(error):
            raise click.ClickException(_due()) from error
        raise


def _due() -> str:
    newer = find_newer()
    if newer is None:
        return "An upgrade is due: run `storefront db upgrade`."
    return f"The database is of newer code (schema {newer}), which took away what this one asks for: install that."


def _sentence(error: StorefrontError, *, says_try_again: bool) -> str:
    if isinstance(error, StripeUnavailable) and says_try_again:
        return f"{error.message}. Try again in a minute: asking twice does no harm."
    return plain(error.message)


def _close_database(app: Flask) -> None:
    """PostgreSQL would log each connection that is not closed."""
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
        close_replica()
