"""`storefront init DIR`: a folder for one shop, where the shop is installed as a package."""

import os
import secrets
from pathlib import Path

import click

SETTINGS = """\
# The shop's settings. This file is for its own user alone: it holds secrets.
# What is not set has a default; README.md lists every setting. `NAME_FILE=/path` reads a secret from a file.

# Signs cookies and makes links, order numbers and license keys. Keep a copy of it elsewhere, too.
SECRET_KEY={secret_key}

# The shop's own address, without a path.
BASE_URL={base_url}
# How many proxies stand in front of it: one, if nginx or Caddy speaks TLS for it.
TRUSTED_PROXIES=1

# From Stripe's Dashboard, under Developers. Keys of the test mode first: the shop then says TEST on every page.
STRIPE_SECRET_KEY=
STRIPE_PUBLISHABLE_KEY=

MAIL_SERVER=
MAIL_USERNAME=
MAIL_PASSWORD=
# Who emails come from: '"Acme, Inc." <shop@example.com>'
MAIL_FROM=
# Where the shop writes to you.
OWNER_EMAIL={owner_email}

# Without these lines orders are kept in {folder}/var, in SQLite.
# DATABASE_URL=postgresql://shop@localhost/shop
# QUEUE_URL=postgresql://shop@localhost/shop
# FILES_URL=file:///srv/storefront/files
"""


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--base-url", default="https://shop.example.com", show_default=True, help="The shop's own address.")
@click.option("--owner-email", default="", help="Where the shop writes to you.")
def init(folder: Path, base_url: str, owner_email: str) -> None:
    """Make a folder for a shop, with settings to fill in. Nothing that is there is changed."""
    from storefront.core.config.addresses import read_base_url
    from storefront.core.config.mail import read_owner_email
    from storefront.core.config.reader import Reader

    reader = Reader({"BASE_URL": base_url, "OWNER_EMAIL": owner_email})
    address, email = read_base_url(reader), read_owner_email(reader)
    if reader.problems:
        raise click.ClickException("\n".join(reader.problems))
    path = folder.absolute() / ".env"
    text = SETTINGS.format(
        secret_key=secrets.token_hex(32), base_url=address, owner_email=_quoted(email or ""), folder=path.parent
    )
    try:
        _make(path, text)
    except FileExistsError as error:
        raise click.ClickException(f"{path} is there already: nothing was changed.") from error
    except OSError as error:
        raise click.ClickException(
            f"{path} cannot be written ({error.strerror}): choose another folder."
        ) from error
    click.echo(f"{path} has the shop's settings. Fill in Stripe's keys and the mail server, then, in that folder:")
    click.echo("  storefront db upgrade\n  storefront owner invite you@example.com")
    click.echo("  storefront serve --with-worker")


def _quoted(text: str) -> str:
    """Return it as `.env` wants a value that has other signs than letters and digits."""
    if not text:
        return ""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _make(path: Path, text: str) -> None:
    """Write the file for this user alone, and the folder of the database beside it."""
    (path.parent / "var").mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
