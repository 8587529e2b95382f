"""The shop as a command needs it: the environment's settings, a worker's patience with Stripe."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click
from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from storefront.app import create_app
from storefront.core.config.settings import SettingsError, load_settings, read_environment
from storefront.core.db import db
from storefront.core.errors import StorefrontError, StripeUnavailable
from storefront.core.logs import set_up_logs
from storefront.core.outages import find_outage
from storefront.migrations.state import is_not_upgraded
from storefront.stripe_api.gateway import FOR_WORKERS, set_up_gateway


def make_app(*, log_level: int = logging.WARNING) -> Flask:
    """The shop with the environment's settings; wrong ones end the command with every line to mend.

    A command that a person waits for says what it did itself: of its log only trouble is shown.
    """
    try:
        settings = load_settings(read_environment())
        set_up_logs(as_json=settings.log_json, level=log_level)
        app = create_app(settings)
    except SettingsError as error:
        click.echo("The settings are not complete:", err=True)
        for problem in error.problems:
            click.echo(f"  - {problem}", err=True)
        sys.exit(2)
    set_up_gateway(app, settings, FOR_WORKERS)
    click.get_current_context().call_on_close(lambda: _hang_up(app))
    return app


@contextmanager
def open_shop() -> Iterator[None]:
    """For a command that a person waits for: a refusal ends it with its sentence."""
    with make_app().app_context(), in_sentences():
        try:
            yield
        except SQLAlchemyError as error:
            if is_not_upgraded(error):
                raise click.ClickException("An upgrade is due: run `storefront db upgrade`.") from error
            raise


@contextmanager
def in_sentences() -> Iterator[None]:
    """What is no bug ends the command without a traceback."""
    try:
        yield
    except StripeUnavailable as error:
        raise click.ClickException(
            f"{error.message}. Try again in a minute: asking twice does no harm."
        ) from error
    except StorefrontError as error:
        raise click.ClickException(error.message) from error
    except SQLAlchemyError as error:
        outage = find_outage(error)
        if outage is None:
            raise
        raise click.ClickException(
            f"The database cannot be used right now ({outage.why}): look at DATABASE_URL and its disk, "
            "then try again. Asking twice does no harm."
        ) from error


def _hang_up(app: Flask) -> None:
    """A command says goodbye to its database; PostgreSQL would log each one that does not."""
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
