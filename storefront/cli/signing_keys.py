"""`storefront signing-keys`: what license files are signed with."""

import os

import click

from storefront.cli.output import as_json, print_result
from storefront.cli.shop import open_shop


@click.group("signing-keys")
def signing_keys() -> None:
    """The keys that license files are signed with."""


@signing_keys.command("list")
@as_json
def list_keys(as_json: bool) -> None:
    """Public parts, newest first, and which one signs."""
    from storefront.cli.signing_key_text import key_line, key_to_json
    from storefront.delivery.licenses.signing import keys as signing

    with open_shop():
        signing.ensure_signing_key()
        keys = signing.list_keys()
    print_result([key_to_json(key) for key in keys], map(key_line, keys), as_json=as_json)


@signing_keys.command()
@as_json
def prepare(as_json: bool) -> None:
    """Make the next key: it is published at once, and signs nothing before `rotate`."""
    from storefront.delivery.licenses.signing import keys as signing
    from storefront.delivery.licenses.signing.jws import encode

    with open_shop():
        kid = signing.prepare()
        public = next(encode(key.public_key) for key in signing.list_keys() if key.kid == kid)
    advice = (
        "Ship it beside the present one in your program's next release, then `storefront signing-keys rotate`."
    )
    value = {"kid": kid, "public_key": public, "state": signing.KeyState.PREPARED.value}
    print_result(value, [f"{kid}  {public}", advice], as_json=as_json)


@signing_keys.command()
@click.option("--now", is_flag=True, help="After a leak: without a prepared key, make one that signs at once.")
@as_json
def rotate(now: bool, as_json: bool) -> None:
    """Let the prepared key sign from now on. Files signed before keep verifying."""
    from storefront.delivery.licenses.signing import keys as signing

    with open_shop():
        kid = signing.rotate(now=now)
    line = f"{kid} signs from now on. Programs that do not carry it keep the files they have until those end."
    print_result({"kid": kid}, [line], as_json=as_json)


@signing_keys.command()
@click.argument("kid")
@as_json
def revoke(kid: str, as_json: bool) -> None:
    """A key leaked: stop publishing it. Every file that it signed stops verifying where keys are fetched."""
    from storefront.delivery.licenses.signing import keys as signing

    with open_shop():
        signing.revoke(kid)
    line = f"{kid} is revoked. Buyers fetch new license files from their order pages."
    print_result({"kid": kid, "state": "revoked"}, [line], as_json=as_json)


@signing_keys.command()
@as_json
def reseal(as_json: bool) -> None:
    """After SECRET_KEY was changed, with the old one in SECRET_KEY_FALLBACKS or OLD_SECRET_KEY"""
    from storefront.cli.signing_key_text import resealed_lines
    from storefront.core.runtime import settings
    from storefront.delivery.licenses.signing.sealing import reseal as reseal_keys

    with open_shop():
        old = os.environ.get("OLD_SECRET_KEY", "")
        old_keys = (old,) if old else settings().old_secret_keys
        if not old_keys:
            raise click.ClickException(
                "Set SECRET_KEY_FALLBACKS, or OLD_SECRET_KEY, to the SECRET_KEY that was used before."
            )
        resealed = reseal_keys(*old_keys)
    value = {"changed": resealed.changed, "skipped": list(resealed.skipped)}
    print_result(value, resealed_lines(resealed), as_json=as_json)
