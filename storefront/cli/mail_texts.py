"""`storefront mail texts`: what the shop's emails say. As the pages at /admin/emails do."""

from collections.abc import Mapping
from pathlib import Path

import click

from storefront.cli.choices import EMAILS, LANGUAGES
from storefront.cli.output import as_json, changed_line, only_given, print_result
from storefront.cli.shop import open_shop
from storefront.cli.text_files import FILE, read_text

KIND = click.argument("kind", type=click.Choice(EMAILS))
LANGUAGE = click.option(
    "--language", type=click.Choice(LANGUAGES), default="en", show_default=True, help="Of which language."
)


@click.group()
def texts() -> None:
    """What emails to buyers say: the shop's own words, or yours."""


@texts.command("list")
@as_json
def list_texts(as_json: bool) -> None:
    """Every email that you may write, when it leaves, and in which languages it says your words."""
    from storefront.owner.emails.page import list_emails

    with open_shop():
        emails = list_emails()
    print_result(
        [{"kind": each.kind, "title": each.about.title, "written": list(each.written)} for each in emails],
        [f"{each.kind:<24}{', '.join(each.written) or '-':<18}{each.about.when}" for each in emails],
        as_json=as_json,
    )


@texts.command()
@KIND
@LANGUAGE
@as_json
def show(kind: str, language: str, as_json: bool) -> None:
    """The words of one email, and the variables that may stand in them."""
    from storefront.core.languages import Language
    from storefront.owner.emails.page import read_email_editor

    with open_shop():
        email = read_email_editor(kind, Language(language))
    variables = {each.name: each.meaning for each in email.about.variables}
    lines = [
        f"{email.about.title} ({language}): {_whose(email.is_written)}",
        *(f"{name}: {value}" for name, value in _below(email.values).items()),
        *email.values["body"].splitlines(),
        "",
        *(f"{{{name}}}: {meaning}" for name, meaning in variables.items()),
    ]
    value = {"kind": kind, "language": language, "is_written": email.is_written, **email.values}
    print_result(value | {"variables": variables}, lines, as_json=as_json)


@texts.command("set")
@KIND
@LANGUAGE
@click.option("--subject", help="One line of up to 200 characters.")
@click.option("--heading", help="One line of up to 200 characters.")
@click.option("--text-file", type=FILE, help="The text, in Markdown of up to 20,000 characters.")
@as_json
def set_texts(kind: str, language: str, text_file: Path | None, as_json: bool, **lines: str | None) -> None:
    """Write an email. What is not named stays. Variables in braces, like {number}: `show` explains them."""
    values = only_given({**lines, "body": read_text(text_file) if text_file else None})
    if not values:
        raise click.ClickException("Nothing to change: name something, for example --text-file receipt.md.")
    from storefront.core.languages import Language
    from storefront.shop.emails.edit import change_words

    with open_shop():
        changed = change_words(kind, Language(language), values)
    value = {"kind": kind, "language": language, "changed": changed}
    print_result(value, [changed_line(changed)], as_json=as_json)


@texts.command()
@KIND
@LANGUAGE
@as_json
def reset(kind: str, language: str, as_json: bool) -> None:
    """Say the shop's own words again. The audit log keeps yours."""
    from storefront.core.languages import Language
    from storefront.shop.emails.edit import reset_words

    with open_shop():
        is_reset = reset_words(kind, Language(language))
    line = "It says the shop's own words again." if is_reset else "It says the shop's own words already."
    print_result({"kind": kind, "language": language, "changed": is_reset}, [line], as_json=as_json)


@texts.command()
@KIND
@LANGUAGE
@as_json
def preview(kind: str, language: str, as_json: bool) -> None:
    """The email as it would leave now, about things that nobody bought. With --json its HTML as well."""
    from storefront.core.languages import Language
    from storefront.owner.emails.preview import preview_email

    with open_shop():
        shown = preview_email(kind, Language(language), email="ada@example.com")
    value = {"subject": shown.subject, "text": shown.text, "html": shown.html}
    print_result(value, [f"Subject: {shown.subject}", "", *shown.text.splitlines()], as_json=as_json)


@texts.command()
@KIND
@LANGUAGE
@click.option("--to", required=True, metavar="ADDRESS", help="Who gets the test.")
@as_json
def test(kind: str, language: str, to: str, as_json: bool) -> None:
    """Send a test with the words as they are saved, about things that nobody bought."""
    from storefront.core.languages import Language
    from storefront.owner.emails.send_test import send_email_test

    with open_shop():
        send_email_test(kind, Language(language), to)
    print_result(
        {"kind": kind, "language": language, "to": to}, [f"A test is on its way to {to}."], as_json=as_json
    )


def _whose(is_written: bool) -> str:
    return "your words" if is_written else "the shop's own words"


def _below(values: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in values.items() if name != "body"}
