"""The command `storefront sandbox`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from storefront.devtools.sandbox.server import SandboxServer


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", default=12111, show_default=True, type=click.IntRange(0, 65535), help="0 picks a free one."
)
@click.option(
    "--data",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("var/sandbox.sqlite"),
    show_default=True,
    help="SQLite file that keeps everything.",
)
@click.option("--secret-key", envvar="SANDBOX_SECRET_KEY", help="sk_test_…; made at the first run otherwise.")
@click.option("--publishable-key", envvar="SANDBOX_PUBLISHABLE_KEY", help="pk_test_…; the same.")
@click.option("--webhook-url", help="Where events go, e.g. http://127.0.0.1:8000/webhook.")
@click.option("--webhook-secret", envvar="SANDBOX_WEBHOOK_SECRET", help="whsec_… the shop knows for that address.")
@click.option("--listen-secret", envvar="SANDBOX_LISTEN_SECRET", help="whsec_… that `stripe listen` signs with.")
@click.option("--allow-any-address", is_flag=True, help="Listen where others can reach it.")
def sandbox(
    *,
    host: str,
    port: int,
    data: Path,
    secret_key: str | None,
    publishable_key: str | None,
    webhook_url: str | None,
    webhook_secret: str | None,
    listen_secret: str | None,
    allow_any_address: bool,
) -> None:
    """Run a local stand-in for Stripe: API, Checkout page and signed webhooks."""
    from storefront.devtools.loopback import ConfigError
    from storefront.devtools.sandbox.config import SandboxConfig
    from storefront.devtools.sandbox.server import serve

    try:
        config = SandboxConfig(
            host=host,
            port=port,
            data=data,
            secret_key=secret_key or None,
            publishable_key=publishable_key or None,
            webhook_url=webhook_url,
            webhook_secret=webhook_secret or None,
            listen_secret=listen_secret or None,
            allow_any_address=allow_any_address,
        )
        serve(config, _announce)
    except ConfigError as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(f"cannot listen on {host}:{port}: {error.strerror or error}") from error


def _announce(server: "SandboxServer") -> None:
    keys = f"secret key ends in {server.secret_key[-4:]}, publishable key in {server.publishable_key[-4:]}"
    click.echo(f"Stripe sandbox on {server.url}, no real payments; {keys}")
    click.echo(f"What it answers: {server.url}/docs. Control panel: {server.url}/_sandbox/")
