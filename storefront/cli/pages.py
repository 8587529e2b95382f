"""`storefront pages`: imprint, terms, privacy and whatever else the shop says. As the pages under /admin do."""

from dataclasses import asdict
from pathlib import Path

import click

from storefront.cli.choices import LEGAL_KINDS
from storefront.cli.output import as_json, changed_line, only_given, print_result, to_json_value
from storefront.cli.shop import open_shop
from storefront.cli.text_files import FILE, read_text


@click.group()
def pages() -> None:
    """Pages of the shop itself: imprint, terms, privacy, refunds and others, in Markdown."""


@pages.command("list")
@as_json
def list_pages(as_json: bool) -> None:
    """Every page, drafts as well, in the order of the shop's footer."""
    from storefront.shop.pages.queries import list_pages as read_pages

    with open_shop():
        listed = read_pages()
    print_result(
        [to_json_value(asdict(page)) for page in listed],
        [f"{page.slug:<32}{'published' if page.is_published else 'draft':<12}{page.title}" for page in listed],
        as_json=as_json,
        if_none="No pages yet: `storefront pages create --kind imprint` starts one.",
    )


@pages.command()
@click.argument("slug")
@as_json
def show(slug: str, as_json: bool) -> None:
    """One page with its text, and what is missing before it can be published."""
    from storefront.owner.pages.editor import read_page_editor

    with open_shop():
        page = read_page_editor(slug)
    value = {
        "slug": page.slug,
        "is_published": page.is_published,
        "updated_at": page.updated_at.isoformat(),
        "blockers": list(page.blockers),
        **page.values,
    }
    lines = [
        f"{page.values['title']} ({'published' if page.is_published else 'draft'})",
        *page.blockers,
        *page.values["body_markdown"].splitlines(),
    ]
    print_result(value, lines, as_json=as_json)


@pages.command()
@click.argument("title", default="")
@click.option(
    "--slug", default="", help="The last part of its address, for good. Made from the title if not given."
)
@click.option("--kind", type=click.Choice(LEGAL_KINDS), help="What it is to the law: starts from a text for it.")
@click.option("--text-file", type=FILE, help="Its text, in Markdown.")
@as_json
def create(title: str, slug: str, kind: str | None, text_file: Path | None, as_json: bool) -> None:
    """Make a draft. With --kind its text is a place to start from, and no legal advice."""
    if not title and not kind:
        raise click.UsageError("Give it a title, or say with --kind what it is.")
    text = read_text(text_file) if text_file else None
    from storefront.owner.pages.starters import create_page

    with open_shop():
        new_slug = create_page(title, slug=slug, kind=kind, body_markdown=text)
    advice = f"`storefront pages edit {new_slug}` and `storefront pages publish {new_slug}` next."
    print_result({"slug": new_slug}, [f"{new_slug} is a draft.", advice], as_json=as_json)


@pages.command()
@click.argument("slug")
@click.option("--title", help="Up to 120 characters.")
@click.option("--text-file", type=FILE, help="Markdown of up to 60,000 characters.")
@click.option("--kind", type=click.Choice((*LEGAL_KINDS, "none")), help="What it is to the law.")
@as_json
def edit(slug: str, title: str | None, text_file: Path | None, kind: str | None, as_json: bool) -> None:
    """Change a page. What is not named stays; its address stays for good."""
    values = _named_values(title, text_file, kind)
    if not values:
        raise click.ClickException("Nothing to change: name something, for example --text-file terms.md.")
    from storefront.shop.pages.edit import change_page

    with open_shop():
        changed = change_page(slug, values)
    print_result({"slug": slug, "changed": changed}, [changed_line(changed)], as_json=as_json)


@pages.command()
@click.argument("slug")
@as_json
def publish(slug: str, as_json: bool) -> None:
    """Show it to everybody. Says all that is still to be filled in."""
    from storefront.shop.pages.edit import publish_page

    with open_shop():
        is_new = publish_page(slug)
    line = f"/pages/{slug} is published, and linked everywhere." if is_new else f"{slug} was published already."
    print_result({"slug": slug, "changed": is_new}, [line], as_json=as_json)


@pages.command()
@click.argument("slug")
@as_json
def unpublish(slug: str, as_json: bool) -> None:
    """Make it a draft again: its address says that there is no page."""
    from storefront.shop.pages.edit import unpublish_page

    with open_shop():
        is_new = unpublish_page(slug)
    line = f"{slug} is a draft now: links to it end." if is_new else f"{slug} was a draft already."
    print_result({"slug": slug, "changed": is_new}, [line], as_json=as_json)


@pages.command()
@click.argument("slug")
@click.option("--yes", is_flag=True, help="Do not ask.")
@as_json
def delete(slug: str, yes: bool, as_json: bool) -> None:
    """Delete it for good: links to it end. The audit log keeps its words."""
    from storefront.shop.pages.edit import delete_page

    with open_shop():
        if not yes:
            click.confirm(f"Delete {slug}, so that links to it end?", abort=True, err=True)
        delete_page(slug)
    print_result({"slug": slug, "deleted": True}, [f"{slug} is deleted."], as_json=as_json)


@pages.command()
@click.option("--on/--off", "asks_consent", default=None, help="Ask, or ask no more.")
@click.option("--text", help="What buyers agree to. Empty: the words that the shop proposes.")
@as_json
def consent(asks_consent: bool | None, text: str | None, as_json: bool) -> None:
    """Ask buyers to agree to immediate delivery, in Stripe's form. Without options: how it is."""
    given: dict[str, object] = {"asks_consent": asks_consent, "consent_text": text}
    values = only_given(given)
    from storefront.shop.pages.consent import change_consent, read_consent

    with open_shop():
        changed = change_consent(values) if values else []
        state = read_consent()
    lines = [
        "Buyers are asked:" if state["asks_consent"] else "Buyers are not asked. The words:",
        state["consent_text"],
    ]
    print_result(state | {"changed": changed}, lines, as_json=as_json)


def _named_values(title: str | None, text_file: Path | None, kind: str | None) -> dict[str, str]:
    values: dict[str, str] = {} if title is None else {"title": title}
    if text_file:
        values["body_markdown"] = read_text(text_file)
    if kind:
        values["legal_kind"] = "" if kind == "none" else kind
    return values
