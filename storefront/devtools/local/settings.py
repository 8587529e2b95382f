"""The settings of the local shop: made for its programs, kept in `shop.env` for `storefront --local`."""

from collections.abc import Mapping, MutableMapping
from pathlib import Path

import click
from dotenv import dotenv_values

from storefront.core.config.names import find_names, find_secret_names
from storefront.core.config.sqlite_files import sqlite_address
from storefront.core.places import home
from storefront.devtools.local.keys import read_keys, without_nulls, write_private
from storefront.devtools.local.one_at_a_time import unwritable
from storefront.devtools.local.ports import HOST, Ports

# Settings a shop in production has; the local one must not use its database, mail server or keys by accident.
NOT_INHERITED = ("STRIPE_", "DATABASE_", "QUEUE_", "FILES_", "MAIL_", "SECRET_KEY", "BASE_URL", "LIMITS_")
CHOICES = ("STRIPE_TAX",)  # begin like these, and are what a shop does rather than what it has


def data_folder(environ: Mapping[str, str]) -> Path:
    return home(environ) / (environ.get("STOREFRONT_DATA") or "var/local")


def build_environment(environ: Mapping[str, str], ports: Ports) -> dict[str, str]:
    """Return the environment of the local shop's programs; keys are made if there are none yet.

    Raises:
        click.ClickException: the folder cannot be written.
    """
    folder = data_folder(environ)
    inherited = {name: value for name, value in environ.items() if name in CHOICES or not _is_of_production(name)}
    try:
        keys = read_keys(folder)
    except OSError as error:
        raise unwritable(folder, error) from error
    direct, listening = keys["STRIPE_WEBHOOK_SECRET"], keys["STRIPE_LISTEN_SECRET"]
    return {
        **inherited,
        **keys,
        "STRIPE_WEBHOOK_SECRET": f"{direct},{listening}",  # events come straight, and through `stripe listen`
        "SANDBOX_WEBHOOK_SECRET": direct,
        "SANDBOX_LISTEN_SECRET": listening,
        "STOREFRONT_ENV_FILE": "",
        "RELOAD_TEMPLATES": "true",
        "BASE_URL": f"http://{HOST}:{ports.shop}",
        "DATABASE_URL": sqlite_address(folder / "shop.db"),
        "QUEUE_URL": f"sqlite:///{folder / 'queue.db'}",
        "FILES_URL": (folder / "files").absolute().as_uri(),
        "STRIPE_API_BASE": f"http://{HOST}:{ports.sandbox}",
        "MAIL_SERVER": HOST,
        "MAIL_PORT": str(ports.smtp),
        "MAIL_FROM": "shop@storefront.example",
        "OWNER_EMAIL": environ.get("OWNER_EMAIL", "owner@storefront.example"),
        "NO_PROXY": f"{HOST},localhost",
        "no_proxy": f"{HOST},localhost",  # the lower-case name wins where both are known
    }


def keep_settings(environ: Mapping[str, str], shop_environment: Mapping[str, str]) -> None:
    """Write the settings of the shop that runs, for `storefront --local`; no secret of the terminal it runs in."""
    names = sorted(_names(shop_environment) & shop_environment.keys())
    write_private(_settings_path(environ), [f"{name}='{_escaped(shop_environment[name])}'\n" for name in names])


def use_local_settings(environ: MutableMapping[str, str]) -> None:
    """Make this process's settings those of the shop that `make run` started last.

    What may hold a secret of a terminal, as the keys of a bucket and all of backups, stays what it is in this one.

    Raises:
        click.ClickException: it never ran here.
    """
    path = _settings_path(environ)
    if not path.exists():
        raise click.ClickException("There is no local shop yet: type `make run` first.")
    for name in list(filter(_is_of_production, environ)):
        del environ[name]
    kept = without_nulls(dotenv_values(path, interpolate=False))
    environ.update(kept)
    for name in _names(environ) - kept.keys():
        environ.pop(name, None)
    environ["STOREFRONT_ENV_FILE"] = ""


def _names(environ: Mapping[str, str]) -> set[str]:
    """Return the names of settings that the file has: not where the shop lies, which is asked before, or secrets.

    Those of production are here: the terminal's were dropped, and what the shop has instead was made for it.
    """
    of_shop = {name for name in environ if _is_of_production(name)}
    names = find_names(environ) - find_secret_names(environ) | {"NO_PROXY", "no_proxy"}
    return of_shop | {name for name in names if not name.startswith(("STOREFRONT_", "BACKUP_"))}


def _is_of_production(name: str) -> bool:
    return name.startswith(NOT_INHERITED)


def _settings_path(environ: Mapping[str, str]) -> Path:
    return data_folder(environ) / "shop.env"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("'", "\\'")
