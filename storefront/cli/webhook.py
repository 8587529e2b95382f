"""`storefront webhook`: the endpoint at Stripe, made and checked without its Dashboard."""

from dataclasses import asdict

import click

from storefront.cli.output import as_json, print_result
from storefront.cli.shop import open_shop

MADE = "Made {id}. Its signing secret is sealed in the database, and nobody has to copy it."


@click.group()
def webhook() -> None:
    """The endpoint at Stripe that tells this shop what happened."""


@webhook.command()
@as_json
def create(as_json: bool) -> None:
    """Make the endpoint; one that is there gets the events that it lacks. Safe to repeat."""
    from storefront.payments.webhook.endpoint import Done, make_endpoint

    with open_shop():
        changed = make_endpoint()
    said = {
        Done.MADE: MADE.format(id=changed.endpoint_id),
        Done.MENDED: f"{changed.endpoint_id} was mended: enabled, with every event that the shop handles.",
        Done.NOTHING: f"{changed.endpoint_id} is there, and nothing is missing.",
    }
    print_result(asdict(changed), [said[changed.done]], as_json=as_json)


@webhook.command()
@as_json
def check(as_json: bool) -> None:
    """Ask Stripe how the endpoint is. Exit code 1 when it does not work."""
    from storefront.cli.webhook_text import check_lines, works
    from storefront.payments.webhook.endpoint import check_endpoint

    with open_shop():
        checked = check_endpoint()
    print_result(asdict(checked), check_lines(checked), as_json=as_json)
    if not works(checked):
        raise click.exceptions.Exit(1)


@webhook.command()
@click.option("--disable-old", is_flag=True, help="Instead: disable the old one, once the new one has delivered.")
@as_json
def rotate(disable_old: bool, as_json: bool) -> None:
    """Make a new endpoint with a new secret. The old one goes on until `--disable-old`."""
    from storefront.payments.webhook.endpoint import check_endpoint, disable_others, replace_endpoint

    with open_shop():
        if disable_old:
            disabled = disable_others()
            print_result({"disabled": disabled}, [f"Disabled {name}." for name in disabled], as_json=as_json)
            return
        changed = replace_endpoint(shown=check_endpoint().endpoint_id)
    said = [
        MADE.format(id=changed.endpoint_id),
        "Next, once it has delivered: storefront webhook rotate --disable-old",
    ]
    print_result(asdict(changed), said, as_json=as_json)
