"""`storefront editions` and `storefront prices`: what can be bought of a product, and for how much."""

from typing import TYPE_CHECKING

import click

from storefront.cli.output import as_json, only_given, print_result
from storefront.cli.shop import open_shop

if TYPE_CHECKING:
    from storefront.shop.editor.prices import PriceChange


@click.group()
def editions() -> None:
    """Editions of a product: "Personal", "Studio"."""


@editions.command()
@click.argument("slug")
@click.argument("name")
@click.option("--line", default="", help="Who it is for, in up to 120 characters.")
@as_json
def add(slug: str, name: str, line: str, as_json: bool) -> None:
    """Add an edition. `prices set` makes it something that can be bought, `products set --edition` limits it."""
    from storefront.shop.editor.editions import add_edition

    with open_shop():
        key = add_edition(slug, name, line=line)
    print_result({"slug": slug, "edition": key}, [f"{slug} has the edition {key} now."], as_json=as_json)


@editions.command()
@click.argument("slug")
@click.argument("edition")
@click.option("--name", help="Up to 60 characters.")
@click.option("--line", help="Who it is for, in up to 120 characters.")
@click.option(
    "--upgrades-from", help='From which editions: "personal", or "personal for 30.00 USD". "": from none.'
)
@as_json
def edit(slug: str, edition: str, as_json: bool, **given: str | None) -> None:
    """Change how an edition is called, or who may upgrade to it. Its key stays.

    An upgrade costs the difference of both prices of the day, or what you say; the key stays the same.
    """
    texts = only_given(given)
    if not texts:
        raise click.ClickException("Nothing to change: name --name, --line or --upgrades-from.")
    from storefront.shop.editor.editions import change_edition

    with open_shop():
        changed = change_edition(slug, edition, texts)
    words = ", ".join(changed) or "nothing: it is called so already"
    print_result({"edition": edition, "changed": changed}, [f"Changed: {words}."], as_json=as_json)


@editions.command()
@click.argument("slug")
@click.argument("edition")
@click.argument("parts", nargs=-1)
@click.option("--nothing", is_flag=True, help="It is no bundle any more.")
@as_json
def include(slug: str, edition: str, parts: tuple[str, ...], nothing: bool, as_json: bool) -> None:
    """Make an edition a bundle: say everything that it includes, each PART like my-tool/personal.

    What was sold keeps its parts, and a checkout that is open sells what the bundle included when it began.
    """
    if bool(parts) == nothing:
        raise click.ClickException("Name what it includes, like my-tool/personal, or say --nothing.")
    from storefront.shop.editor.parts import set_parts

    with open_shop():
        changed = set_parts(slug, edition, parts)
    words = "as before" if changed is None else f"includes {', '.join(changed) or 'nothing'} now"
    content = {"edition": edition, "includes": changed, "changed": changed is not None}
    print_result(content, [f"{slug}/{edition}: {words}."], as_json=as_json)


@editions.command("switch-off")
@click.argument("slug")
@click.argument("edition")
@as_json
def switch_off(slug: str, edition: str, as_json: bool) -> None:
    """Sell an edition no more: whoever bought it keeps it."""
    _switch(slug, edition, is_active=False, as_json=as_json)


@editions.command("switch-on")
@click.argument("slug")
@click.argument("edition")
@as_json
def switch_on(slug: str, edition: str, as_json: bool) -> None:
    """Sell an edition again."""
    _switch(slug, edition, is_active=True, as_json=as_json)


def _switch(slug: str, edition: str, *, is_active: bool, as_json: bool) -> None:
    from storefront.shop.editor.editions import switch_edition

    with open_shop():
        is_new = switch_edition(slug, edition, is_active=is_active)
    words = "for sale" if is_active else "switched off"
    line = f"{edition} is {words} now." if is_new else f"{edition} was {words} already."
    print_result({"edition": edition, "is_active": is_active, "changed": is_new}, [line], as_json=as_json)


@editions.command()
@click.argument("slug")
@click.argument("edition")
@as_json
def delete(slug: str, edition: str, as_json: bool) -> None:
    """Delete an edition that nobody has bought."""
    from storefront.shop.editor.editions import delete_edition

    with open_shop():
        delete_edition(slug, edition)
    print_result({"edition": edition, "deleted": True}, [f"{edition} is deleted."], as_json=as_json)


@click.group()
def prices() -> None:
    """Prices: one for each edition and currency."""


@prices.command("set")
@click.argument("slug")
@click.argument("edition")
@click.argument("currency")
@click.argument("amount")
@as_json
def set_amount(slug: str, edition: str, currency: str, amount: str, as_json: bool) -> None:
    """Sell an edition for this amount from now on: `prices set my-tool personal usd 19.00`. 0 is free.

    With "from 5.00, suggested 10.00, up to 50.00" as the amount, buyers choose what they pay at Checkout.

    Orders keep what they paid. A Payment Link that was made before sells at the old price.
    """
    from storefront.shop.editor.prices import check_currency, read_amount, set_price

    with open_shop():
        code = check_currency(currency)
        change = set_price(slug, edition, code, read_amount(amount, code))
    _print(change, as_json=as_json)


@prices.command()
@click.argument("slug")
@click.argument("edition")
@click.argument("currency")
@as_json
def remove(slug: str, edition: str, currency: str, as_json: bool) -> None:
    """Sell an edition no more in this currency."""
    from storefront.shop.editor.prices import remove_price

    with open_shop():
        change = remove_price(slug, edition, currency)
    _print(change, as_json=as_json)


def _print(change: "PriceChange", *, as_json: bool) -> None:
    from storefront.shop.catalog.amounts import Amount, amount_words, columns_of

    def words(amount: "Amount | None") -> str:
        return "no price" if amount is None else amount_words(amount, change.currency)

    def columns(amount: "Amount | None") -> dict[str, int | None]:
        return {"amount_minor": None} if amount is None else columns_of(amount)

    line = f"{change.edition} in {change.currency.upper()}: {words(change.after)}"
    line += f", before {words(change.before)}." if change.is_change else ", as before."
    before, after = columns(change.before), columns(change.after)
    content = {
        "edition": change.edition,
        "currency": change.currency,
        "before_minor": before["amount_minor"],
        "after_minor": after["amount_minor"],
        "least_minor": after.get("least_minor"),
        "most_minor": after.get("most_minor"),
    }
    print_result(content, [line], as_json=as_json)
