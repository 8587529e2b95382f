"""`storefront db`: the database's schema."""

import click


@click.group()
def db() -> None:
    """The database's schema."""


@db.command()
def upgrade() -> None:
    """Apply the migrations that are missing."""
    from storefront.cli.make_app import in_sentences, make_command_app
    from storefront.migrations import schema

    app = make_command_app()
    with in_sentences():
        schema.upgrade(app)
