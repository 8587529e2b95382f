"""What commands print for programs."""

import json
from collections.abc import Callable
from typing import Any

import click

as_json: Callable[[Any], Any] = click.option("--json", "as_json", is_flag=True, help="JSON, for programs.")


def print_json(value: object) -> None:
    """Dates in ISO 8601."""
    click.echo(json.dumps(value, indent=2, default=str))
