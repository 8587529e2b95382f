"""`storefront answers`: prepared answers, and one of them sent about an order. As the pages at /admin do."""

import click

from storefront.cli.choices import LANGUAGES, READERS
from storefront.cli.output import as_json, print_result
from storefront.cli.shop import open_shop


@click.group()
def answers() -> None:
    """Answers to what buyers ask again and again. They are written at /admin/answers."""


@answers.command("list")
@as_json
def list_them(as_json: bool) -> None:
    """Every answer, and the languages in which it says your words."""
    from storefront.shop.answers.queries import list_answers

    with open_shop():
        listed = list_answers()
    print_result(
        [
            {"answer": each.key, "title": each.title, "is_own": each.is_own, "written": list(each.written)}
            for each in listed
        ],
        [f"{each.key:<24}{', '.join(each.written) or '-':<18}{each.title}" for each in listed],
        as_json=as_json,
    )


@answers.command()
@click.argument("answer")
@click.option(
    "--language", type=click.Choice(LANGUAGES), default="en", show_default=True, help="Of which language."
)
@as_json
def show(answer: str, language: str, as_json: bool) -> None:
    """The words of one answer, and the variables that may stand in them."""
    from storefront.core.languages import Language
    from storefront.owner.answers.page import read_answer_editor

    with open_shop():
        editor = read_answer_editor(answer, Language(language))
    variables = {each.name: each.meaning for each in editor.variables}
    lines = [
        f"subject: {editor.values['subject']}",
        *editor.values["body"].splitlines(),
        "",
        *(f"{{{name}}}: {meaning}" for name, meaning in variables.items()),
    ]
    value = {"answer": answer, "language": language, "is_written": editor.is_written, **editor.values}
    print_result(value | {"variables": variables}, lines, as_json=as_json)


@answers.command()
@click.argument("order")
@click.argument("answer")
@click.option("--say", default="", help="Your own words, in place of {text} or {reason}. Markdown.")
@click.option("--language", type=click.Choice(LANGUAGES), help="Instead of the buyer's.")
@click.option(
    "--to", type=click.Choice(READERS), default="buyer", show_default=True, help="Of a gift: who reads it."
)
@as_json
def send(order: str, answer: str, *, say: str, language: str | None, to: str, as_json: bool) -> None:
    """Send an answer about an order. The same one to the same order leaves once a day."""
    from storefront.core.languages import Language
    from storefront.orders.sent_answers import Reader
    from storefront.owner.answers.send_prepared import send_prepared

    with open_shop():
        sent = send_prepared(
            order, answer, say=say, language=Language(language) if language else None, reader=Reader(to)
        )
    line = f"An email is on its way to {sent.recipient}." if sent.recipient else "This was sent today already."
    value = {"order": sent.number, "answer": answer, "to": sent.recipient or None, "is_new": bool(sent.recipient)}
    print_result(value, [line], as_json=as_json)
