"""The local shop's keys and secrets: made at the first run, readable by this user only."""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from dotenv import dotenv_values


def read_keys(folder: Path) -> dict[str, str]:
    """Return every key by the name of its setting; what is missing in the folder's file is made and kept.

    They look like Stripe's test keys and open nothing.
    """
    path = folder / "secrets.env"
    known = without_nulls(dotenv_values(path, interpolate=False)) if path.exists() else {}
    keys = _new_keys() | known
    if keys != known:
        _keep_keys(path, keys)
    return keys


def without_nulls(values: Mapping[str, str | None]) -> dict[str, str]:
    """Give names without a value an empty one."""
    return {name: value or "" for name, value in values.items()}


def _keep_keys(path: Path, keys: dict[str, str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".new")
    write_private(draft, [f"{name}={value}\n" for name, value in keys.items()])
    draft.replace(path)


def write_private(path: Path, lines: list[str]) -> None:
    """Write a file that only this user may read, also where it is there and others may."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        os.fchmod(file.fileno(), 0o600)
        file.writelines(lines)


def _new_keys() -> dict[str, str]:
    return {
        "SECRET_KEY": secrets.token_hex(32),
        "STRIPE_SECRET_KEY": f"sk_test_{secrets.token_hex(16)}",
        "STRIPE_PUBLISHABLE_KEY": f"pk_test_{secrets.token_hex(16)}",
        "STRIPE_WEBHOOK_SECRET": f"whsec_{secrets.token_hex(16)}",
        "STRIPE_LISTEN_SECRET": f"whsec_{secrets.token_hex(16)}",
    }
