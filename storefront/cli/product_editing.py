"""`storefront products`: make a product, write its page, publish it, retire it. As the pages under /admin do."""

import sys
from pathlib import Path
from typing import Any

import click

from storefront.cli.output import as_json, changed_line, only_given, print_result
from storefront.cli.shop import open_shop
from storefront.cli.text_files import FILE, read_text


@click.command()
@click.argument("name")
@click.option("--slug", default="", help="The last part of its address. Made from the name where it is not given.")
@as_json
def create(name: str, slug: str, as_json: bool) -> None:
    """Make a draft: `products edit`, `editions add` and `prices set` fill it, `products publish` shows it."""
    from storefront.shop.editor.products import create_product

    with open_shop():
        new_slug = create_product(name, slug=slug)
    first, then = f"editions add {new_slug} Standard", f"prices set {new_slug} standard usd 19.00"
    advice = f"`storefront {first}` and `storefront {then}` next."
    print_result({"slug": new_slug, "state": "draft"}, [f"{new_slug} is a draft.", advice], as_json=as_json)


@click.command()
@click.argument("slug")
@click.option("--name", help="Up to 120 characters.")
@click.option("--tagline", "summary", help="One sentence of up to 160 characters; needed to publish.")
@click.option("--description-file", type=FILE, help="Markdown; needed to publish.")
@click.option("--requirements-file", type=FILE, help="System requirements, in Markdown.")
@click.option("--first-steps-file", type=FILE, help="Markdown for buyers: how to install it, how to begin.")
@click.option("--tag", "tags", multiple=True, help="Once for each; they take the place of those that it had.")
@click.option("--search-title", help="For search engines. Empty: its name.")
@click.option("--search-text", help="For search engines. Empty: its tagline.")
@as_json
def edit(
    slug: str,
    *,
    description_file: Path | None,
    requirements_file: Path | None,
    first_steps_file: Path | None,
    tags: tuple[str, ...],
    as_json: bool,
    **given: str | None,
) -> None:
    """Change what its page says. What is not named stays as it is."""
    texts: dict[str, Any] = only_given(given)
    files = {
        "description_markdown": description_file,
        "requirements": requirements_file,
        "first_steps": first_steps_file,
    }
    texts |= {name: read_text(file) for name, file in files.items() if file}
    if tags:
        texts["tags"] = list(tags)
    if not texts:
        raise click.ClickException("Nothing to change: name a text, for example --tagline.")
    from storefront.shop.editor.products import change_texts
    from storefront.shop.editor.refusals import in_words

    with open_shop():
        changed = change_texts(slug, texts)
    print_result({"slug": slug, "changed": changed}, [changed_line(map(in_words, changed))], as_json=as_json)


@click.command()
@click.argument("slug")
@click.option("--unlisted", is_flag=True, help="Not in the shop's list: whoever has the link sees it.")
@as_json
def publish(slug: str, unlisted: bool, as_json: bool) -> None:
    """Sell it. Says all that is missing where it is not ready."""
    _set_state(slug, "unlisted" if unlisted else "published", as_json=as_json)


@click.command()
@click.argument("slug")
@as_json
def announce(slug: str, as_json: bool) -> None:
    """Show it before it can be bought: its page offers one email for when it can. It needs no price yet."""
    _set_state(slug, "announced", as_json=as_json)


@click.command()
@click.argument("slug")
@as_json
def retire(slug: str, as_json: bool) -> None:
    """Sell it no more: whoever bought it keeps everything."""
    _set_state(slug, "retired", as_json=as_json)


@click.command()
@click.argument("slug")
@as_json
def unpublish(slug: str, as_json: bool) -> None:
    """Make it a draft again: its page goes, whoever bought it keeps everything."""
    _set_state(slug, "draft", as_json=as_json)


def _set_state(slug: str, state: str, *, as_json: bool) -> None:
    from storefront.shop.catalog.models import ProductState
    from storefront.shop.editor.states import set_state

    with open_shop():
        is_new = set_state(slug, ProductState(state))
    line = f"{slug} is {state} now." if is_new else f"{slug} was {state} already."
    print_result({"slug": slug, "state": state, "changed": is_new}, [line], as_json=as_json)


@click.command()
@click.argument("slug")
@click.argument("new_slug")
@as_json
def rename(slug: str, new_slug: str, as_json: bool) -> None:
    """Give it another address. The old one leads there, and programs that check keys notice nothing."""
    from storefront.shop.editor.products import change_slug

    with open_shop():
        is_new = change_slug(slug, new_slug)
    line = f"{slug} is {new_slug} now." if is_new else f"It is {new_slug} already."
    print_result({"slug": new_slug, "changed": is_new}, [line], as_json=as_json)


@click.command()
@click.argument("slug")
@click.option("--first", "is_first", is_flag=True, help="Before all others.")
@click.option("--last", "is_last", is_flag=True, help="After all others.")
@click.option("--before", metavar="SLUG", help="Right before this product.")
@click.option("--after", metavar="SLUG", help="Right after this product.")
@as_json
def move(
    slug: str, *, is_first: bool, is_last: bool, before: str | None, after: str | None, as_json: bool
) -> None:
    """Show it at another place in the shop. A new product stands last."""
    if sum(map(bool, (is_first, is_last, before, after))) != 1:
        raise click.ClickException("Say where: one of --first, --last, --before SLUG and --after SLUG.")
    from storefront.shop.editor.order import move_product, move_product_beside

    neighbor = before or after
    with open_shop():
        if neighbor:
            is_new = move_product_beside(slug, neighbor, is_after=bool(after))
        else:
            is_new = move_product(slug, 1 if is_first else sys.maxsize)
    line = f"{slug} is there now." if is_new else f"{slug} stood there already."
    print_result({"slug": slug, "changed": is_new}, [line], as_json=as_json)


COMMANDS = (create, edit, publish, announce, retire, unpublish, rename, move)
