"""`storefront products`: how licenses and downloads of a product work."""

from dataclasses import asdict
from datetime import UTC, datetime, time
from typing import Any

import click

from storefront.cli.output import as_json, print_json
from storefront.cli.shop import open_shop
from storefront.cli.terminal import plain
from storefront.delivery.licenses.change_product import change_product
from storefront.shop.catalog.models import KeySource
from storefront.shop.catalog.product_settings import ProductSettings, get_product_settings
from storefront.shop.catalog.queries import list_slugs


class NumberOrNone(click.ParamType[int | str]):
    """A whole number, or `none` for no limit."""

    name = "number|none"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ANN401 - click's signature
        if isinstance(value, int) or value == "none":
            return value
        if isinstance(value, str) and value.isdecimal() and value.isascii():
            return int(value)
        return self.fail(f"{value!r} is neither a whole number nor none", param, ctx)


LIMIT = NumberOrNone()


def _print(found: ProductSettings, *, as_json: bool) -> None:
    if as_json:
        print_json(asdict(found))
        return
    click.echo(plain(f"{found.name} ({found.slug})"))
    for name, value in found.values.items():
        shown = (
            "none"
            if value is None or value == ""
            else "yes"
            if value is True
            else "no"
            if value is False
            else value
        )
        click.echo(plain(f"  {name.replace('_', '-'):<24}{shown}"))
    for each in found.editions:
        limits = {"activation-limit": each.activation_limit, "seats": each.seats}
        own = ", ".join(f"{name} {value}" for name, value in limits.items() if value is not None)
        click.echo(plain(f"  edition {each.edition}: {own or 'as the product'}"))


@click.group()
def products() -> None:
    """Products: how their licenses and downloads work."""


@products.command("list")
@as_json
def list_products(as_json: bool) -> None:
    """Every product by its slug, which other commands want."""
    with open_shop():
        found = list_slugs()
    if as_json:
        print_json([{"slug": slug, "name": name} for slug, name in found])
        return
    for slug, name in found:
        click.echo(plain(f"{slug:<32}{name}"))


@products.command()
@click.argument("slug")
@as_json
def show(slug: str, as_json: bool) -> None:
    """All settings of one product."""
    with open_shop():
        found = get_product_settings(slug)
    _print(found, as_json=as_json)


@products.command("set")
@click.argument("slug")
@click.option("--edition", help="Only for this edition: --activation-limit and --seats.")
@click.option("--license/--no-license", "grants_license", default=None, help="Buyers get license keys.")
@click.option("--download/--no-download", "grants_download", default=None, help="Buyers get files.")
@click.option("--key-source", type=click.Choice(KeySource, case_sensitive=False), help="Made here, or imported.")
@click.option("--prefix", "license_prefix", help="What generated keys begin with, or none.")
@click.option(
    "--one-key/--key-each", "one_key_per_order_item", default=None, help="Of a quantity: one, or one each."
)
@click.option("--activation-limit", type=LIMIT, help="Devices a key.")
@click.option("--seats", type=LIMIT, help="People a key is for.")
@click.option("--license-days", type=LIMIT, help="A key works so many days, from the day that it is handed out.")
@click.option("--license-until", help="A key works through this day (UTC), YYYY-MM-DD, or none.")
@click.option("--update-days", type=LIMIT, help="Releases of so many days from purchase are included.")
@click.option("--download-limit", type=LIMIT, help="Each file so many times.")
@click.option("--download-days", type=LIMIT, help="Downloads work so many days from purchase.")
@click.option("--pool-low-at", type=int, help="Warn at so many keys left.")
@click.option("--pool-very-low-at", type=int, help="Warn again.")
@as_json
def set_product(slug: str, edition: str | None, as_json: bool, **given: Any) -> None:  # noqa: ANN401 - as click gives them
    """Change settings. They count for sales from now on: a license that is sold keeps what it was sold with."""
    values = {name: None if value == "none" else value for name, value in given.items() if value is not None}
    until = values.get("license_until")
    if isinstance(until, str):
        try:
            day = datetime.strptime(until, "%Y-%m-%d").replace(tzinfo=UTC)
        except ValueError as error:
            raise click.ClickException("--license-until wants a day like 2027-12-31, or none.") from error
        values["license_until"] = datetime.combine(day, time(23, 59, 59), tzinfo=UTC)
    if not values:
        raise click.ClickException("Nothing to change: name a setting, for example --activation-limit 3.")
    with open_shop():
        found, served = change_product(slug, values, edition=edition)
    _print(found, as_json=as_json)
    if served and not as_json:
        click.echo(f"{served} keys went to orders that waited; mails are on their way.")
