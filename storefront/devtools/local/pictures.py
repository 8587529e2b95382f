"""Brings the sample pictures into the local shop while it is open already: they take longer than anybody waits."""

from pathlib import Path
from threading import Thread

import click
from flask import Flask

from storefront.core.errors import StorefrontError
from storefront.devtools.samples.seed import add_pictures, seed_without_pictures

MISSING = "sample-pictures-are-missing"  # a file: whoever stops the shop early gets them at its next start


class Pictures:
    def __init__(self, app: Flask, folder: Path) -> None:
        self.app = app
        self._missing = folder / MISSING

    def seed_without_them(self) -> None:
        was_missing = self._missing.exists()
        self._missing.touch()  # first: whoever is killed right after the products came still gets them
        if not seed_without_pictures() and not was_missing:
            self._missing.unlink(missing_ok=True)

    def start_adding(self) -> None:
        """Go on in the background, where there is something to do. Ctrl-C does not wait for it."""
        if self._missing.exists():
            click.echo("  The sample products get their pictures in the first minute or two.\n")
            Thread(target=self._add, daemon=True).start()

    def _add(self) -> None:
        try:
            with self.app.app_context():
                add_pictures()
        except StorefrontError as error:
            click.echo(f"The sample pictures are not all there: {error} The next start tries again.", err=True)
        else:
            self._missing.unlink(missing_ok=True)
