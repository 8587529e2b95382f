"""`storefront signing-keys`: what license files are signed with."""

import os

import click

from storefront.cli.output import as_json, print_json
from storefront.cli.shop import open_shop
from storefront.licenses import signing


@click.group("signing-keys")
def signing_keys() -> None:
    """The keys that license files are signed with."""


@signing_keys.command("list")
@as_json
def list_keys(as_json: bool) -> None:
    """Public parts, newest first. The first that is not retired signs."""
    with open_shop():
        signing.ensure_signing_key()
        keys = signing.list_keys()
    if as_json:
        shown = [
            {
                "kid": key.kid,
                "public_key": signing.encode(key.public_key),
                "created_at": key.created_at.isoformat(),
                "retired_at": key.retired_at and key.retired_at.isoformat(),
                "revoked_at": key.revoked_at and key.revoked_at.isoformat(),
            }
            for key in keys
        ]
        print_json(shown)
        return
    for key in keys:
        state = "revoked" if key.revoked_at else "retired, still verifies" if key.retired_at else "signs"
        click.echo(f"{key.kid}  {signing.encode(key.public_key)}  {key.created_at:%Y-%m-%d}  {state}")


@signing_keys.command()
@as_json
def rotate(as_json: bool) -> None:
    """Make a new key that signs from now on. Files signed before keep verifying."""
    with open_shop():
        kid = signing.rotate()
    if as_json:
        print_json({"kid": kid})
        return
    click.echo(f"{kid} signs from now on. Programs that carry the public key need a release with the new one.")


@signing_keys.command()
@click.argument("kid")
@as_json
def revoke(kid: str, as_json: bool) -> None:
    """A key leaked: stop publishing it. Every file that it signed stops verifying where keys are fetched."""
    with open_shop():
        signing.revoke(kid)
    if as_json:
        print_json({"kid": kid, "state": "revoked"})
        return
    click.echo(f"{kid} is revoked. Buyers fetch new license files from their order pages.")


@signing_keys.command()
@as_json
def reseal(as_json: bool) -> None:
    """After SECRET_KEY was changed: OLD_SECRET_KEY=… storefront signing-keys reseal"""
    old = os.environ.get("OLD_SECRET_KEY", "")
    if not old:
        raise click.ClickException("Set OLD_SECRET_KEY to the SECRET_KEY that was used before.")
    with open_shop():
        changed = signing.reseal(old)
    if as_json:
        print_json({"changed": changed})
        return
    click.echo(f"{changed} signing keys were sealed with the present SECRET_KEY.")
