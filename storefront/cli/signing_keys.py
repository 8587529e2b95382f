"""`storefront signing-keys`: what license files are signed with."""

import os

import click

from storefront.cli.output import as_json, print_json
from storefront.cli.shop import open_shop
from storefront.delivery.licenses.signing import keys as signing
from storefront.delivery.licenses.signing.jws import encode
from storefront.delivery.licenses.signing.keys import KeyState
from storefront.delivery.licenses.signing.sealing import reseal as reseal_keys

STATES = {
    KeyState.PREPARED: "prepared: ship it, then rotate",
    KeyState.SIGNS: "signs",
    KeyState.RETIRED: "retired, still verifies",
    KeyState.REVOKED: "revoked",
}


@click.group("signing-keys")
def signing_keys() -> None:
    """The keys that license files are signed with."""


@signing_keys.command("list")
@as_json
def list_keys(as_json: bool) -> None:
    """Public parts, newest first, and which one signs."""
    with open_shop():
        signing.ensure_signing_key()
        keys = signing.list_keys()
    if as_json:
        shown = [
            {
                "kid": key.kid,
                "public_key": encode(key.public_key),
                "state": key.state.value,
                "created_at": key.created_at.isoformat(),
                "signs_since": key.signs_since and key.signs_since.isoformat(),
                "retired_at": key.retired_at and key.retired_at.isoformat(),
                "revoked_at": key.revoked_at and key.revoked_at.isoformat(),
            }
            for key in keys
        ]
        print_json(shown)
        return
    for key in keys:
        click.echo(f"{key.kid}  {encode(key.public_key)}  {key.created_at:%Y-%m-%d}  {STATES[key.state]}")


@signing_keys.command()
@as_json
def prepare(as_json: bool) -> None:
    """Make the next key: it is published at once, and signs nothing before `rotate`."""
    with open_shop():
        kid = signing.prepare()
        public = next(encode(key.public_key) for key in signing.list_keys() if key.kid == kid)
    if as_json:
        print_json({"kid": kid, "public_key": public, "state": KeyState.PREPARED.value})
        return
    click.echo(f"{kid}  {public}")
    click.echo(
        "Ship it beside the present one in your program's next release, then `storefront signing-keys rotate`."
    )


@signing_keys.command()
@click.option("--now", is_flag=True, help="After a leak: without a prepared key, make one that signs at once.")
@as_json
def rotate(now: bool, as_json: bool) -> None:
    """Let the prepared key sign from now on. Files signed before keep verifying."""
    with open_shop():
        kid = signing.rotate(now=now)
    if as_json:
        print_json({"kid": kid})
        return
    click.echo(f"{kid} signs from now on. Programs that do not carry it keep the files they have until those end.")


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
        done = reseal_keys(old)
    if as_json:
        print_json({"changed": done.changed, "skipped": list(done.skipped)})
        return
    click.echo(f"{done.changed} signing keys were sealed with the present SECRET_KEY.")
    for kid in done.skipped:
        click.echo(f"{kid} was left as it is: an older secret sealed it. It signs no more, and still verifies.")
