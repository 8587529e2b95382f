"""The door to `storefront.devtools`: a shop in production needs none of it, and may be installed without it."""

from collections.abc import Iterator
from contextlib import contextmanager

import click


@contextmanager
def devtools_needed() -> Iterator[None]:
    """End the command with one sentence where an import inside finds no development tools."""
    try:
        yield
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("storefront.devtools"):
            raise
        raise click.ClickException(
            "This installation has no development tools: install Storefront with its folder `storefront/devtools`."
        ) from error
