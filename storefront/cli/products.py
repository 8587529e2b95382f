"""`storefront products`: how licenses and downloads of a product work, and where it is paid."""

from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from storefront.cli.buy_links import link
from storefront.cli.choices import CHECKOUT_UIS, KEY_SOURCES
from storefront.cli.output import as_json, print_result
from storefront.cli.product_editing import COMMANDS
from storefront.cli.shop import open_shop
from storefront.shop.catalog.last_day import end_of_day

if TYPE_CHECKING:
    from storefront.core.config.checkout_ui import CheckoutUi
    from storefront.shop.catalog.models import KeySource


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


@click.group()
def products() -> None:
    """Products: what their pages say, and how their licenses and downloads work."""


for command in (*COMMANDS, link):
    products.add_command(command)


@products.command("list")
@as_json
def list_products(as_json: bool) -> None:
    """Every product by its slug, which other commands want."""
    from storefront.owner.products.listing import list_all_products

    with open_shop():
        listed = list_all_products()
    print_result(
        [asdict(product) for product in listed],
        [
            f"{product.slug:<32}{product.state:<12}{product.name}  {', '.join(product.prices)}".rstrip()
            for product in listed
        ],
        as_json=as_json,
        if_none='No products yet: `storefront products create "My tool"` makes one.',
    )


@products.command()
@click.argument("slug")
@as_json
def show(slug: str, as_json: bool) -> None:
    """All settings of one product."""
    from storefront.cli.product_text import product_lines
    from storefront.shop.editor.product_settings import get_product_settings

    with open_shop():
        product = get_product_settings(slug)
    print_result(asdict(product), product_lines(product), as_json=as_json)


@products.command("set")
@click.argument("slug")
@click.option("--edition", help="Only for this edition: --activation-limit, --seats and --update-days.")
@click.option("--license/--no-license", "grants_license", default=None, help="Buyers get license keys.")
@click.option("--download/--no-download", "grants_download", default=None, help="Buyers get files.")
@click.option("--key-source", type=click.Choice(KEY_SOURCES, case_sensitive=False), help="Made here, or imported.")
@click.option("--prefix", "license_prefix", help="What generated keys begin with, or none.")
@click.option(
    "--one-key/--key-each",
    "one_key_per_order_item",
    default=None,
    help="For a quantity of 3: one key for all, or three keys.",
)
@click.option("--activation-limit", type=LIMIT, help="Devices a key.")
@click.option("--seats", type=LIMIT, help="People a key is for.")
@click.option("--license-days", type=LIMIT, help="A key works so many days, from the day that it is handed out.")
@click.option("--license-until", help="A key works through this day (UTC), YYYY-MM-DD, or none.")
@click.option("--update-days", type=LIMIT, help="Releases of so many days from purchase are included.")
@click.option("--download-limit", type=LIMIT, help="Each file so many times.")
@click.option("--download-days", type=LIMIT, help="Downloads work so many days from purchase.")
@click.option("--tax-code", help="What Stripe Tax takes it for, like txcd_10302000 for a digital book; or none.")
@click.option("--tax-behavior", help="inclusive: prices have tax in them. exclusive: it is added. Or none.")
@click.option("--pool-low-at", type=int, help="Warn at so many keys left.")
@click.option("--pool-very-low-at", type=int, help="Warn again.")
@click.option("--most-in-form", type=LIMIT, help="Buyers may change the quantity inside Checkout, up to this.")
@click.option(
    "--offer-beside", "offered_beside", help="Up to 3 SLUGS, by commas, to add inside Checkout, or none."
)
@click.option("--checkout-ui", type=click.Choice([*CHECKOUT_UIS, "none"]), help="Where it is paid.")
@as_json
def set_product(slug: str, edition: str | None, as_json: bool, **given: Any) -> None:  # noqa: ANN401 - as click gives them
    """Change settings. They count for sales from now on: a license that is sold keeps what it was sold with."""
    values = _read_values(given)
    if not values:
        raise click.ClickException("Nothing to change: name a setting, for example --activation-limit 3.")
    from storefront.cli.key_text import keys_words
    from storefront.cli.product_text import product_lines
    from storefront.delivery.licenses.change_product import change_product

    with open_shop():
        product, served = change_product(slug, values, edition=edition)
    lines = list(product_lines(product))
    if served:
        lines.append(f"{keys_words(served)} went to orders that waited; emails are on their way.")
    print_result(asdict(product), lines, as_json=as_json)


def _slugs_of(text: str) -> list[str]:
    return list(filter(None, map(str.strip, text.split(","))))


def _read_values(given: dict[str, Any]) -> dict[str, Any]:
    """Return what was given, by name of the setting; `none` is None."""
    values: dict[str, Any] = {
        name: None if value == "none" else value for name, value in given.items() if value is not None
    }
    if values.get("offered_beside"):
        values["offered_beside"] = _slugs_of(values["offered_beside"])
    if isinstance(values.get("license_until"), str):
        values["license_until"] = _read_last_day(values["license_until"])
    for name, to_enum in (("key_source", _to_key_source), ("checkout_ui", _to_checkout_ui)):
        if values.get(name):
            values[name] = to_enum(values[name])
    return values


def _to_key_source(word: str) -> "KeySource":
    from storefront.shop.catalog.models import KeySource

    return KeySource(word)


def _to_checkout_ui(word: str) -> "CheckoutUi":
    from storefront.core.config.checkout_ui import CheckoutUi

    return CheckoutUi(word)


def _read_last_day(text: str) -> datetime:
    try:
        return end_of_day(text)
    except ValueError as error:
        raise click.ClickException("--license-until wants a day like 2027-12-31, or none.") from error
