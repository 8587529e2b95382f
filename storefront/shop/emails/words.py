"""An owner's words: their limits, their `{variables}`, and what becomes of both when an email leaves.

A variable is a name in braces and nothing else: no filter, no condition, nothing that runs. Values are put in
after the Markdown was rendered, so that the name of a product is never markup.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from secrets import token_hex
from typing import Any

from markupsafe import Markup, escape

from storefront.shop.catalog.markdown import render_markdown
from storefront.shop.catalog.markdown_text import write_plain
from storefront.shop.editor.refusals import FieldsRefused
from storefront.shop.editor.texts import TextRule, clean_texts
from storefront.shop.emails.editable import Variable

RULES = {
    "subject": TextRule(label="The subject", longest=200, is_needed=True),
    "heading": TextRule(label="The heading", longest=200, is_needed=True),
    "body": TextRule(label="The text", longest=20_000, is_line=False),
}
VARIABLE = re.compile(r"\{\s*([A-Za-z][\w.|-]*)\s*\}", re.ASCII)
CODE = re.compile(r"\{\{|\{%|\{#")  # of template languages
# What stands for a variable while Markdown is rendered: letters and digits, which nothing makes anything else of.
# Drawn anew in each process, which shows it to nobody, so that no text can have it.
MARK_START = f"xq{token_hex(8)}"
MARK = re.compile(rf"{MARK_START}((?:[0-9a-f]{{2}})+)qx")
LINK_MARK = re.compile(rf'href="{MARK.pattern}')


class EmailTextRefused(FieldsRefused):
    code = "email_text_refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """`body` is Markdown, and may be empty."""

    subject: str
    heading: str
    body: str

    def as_fields(self) -> dict[str, str]:
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """Words with their values. `html` and `words` are the body, `text` is the heading above it, in plain text."""

    subject: str
    heading: str
    html: Markup
    words: str

    @property
    def text(self) -> str:
        return "\n\n".join(filter(None, (self.heading, self.words)))


def clean_words(submitted: Mapping[str, Any], variables: Iterable[Variable]) -> dict[str, str]:
    """Return what is stored, by column.

    Raises:
        EmailTextRefused: a text does not fit, or names a variable that this email does not have.
    """
    cleaned: dict[str, str] = clean_texts(
        {name: value for name, value in submitted.items() if name in RULES}, RULES, refused=EmailTextRefused
    )
    known = tuple(variables)
    problems = {name: problem for name, text in cleaned.items() if (problem := _find_problem(name, text, known))}
    if problems:
        raise EmailTextRefused(problems)
    return cleaned


def fill(words: Words, values: Mapping[str, str]) -> Filled:
    """Put the values in. A name without a value stays as it is written."""
    plain = {name: " ".join(value.split()) for name, value in values.items()}
    marked = _mark(words.body)
    body = MARK.sub(lambda found: plain.get(_name_in(found), f"{{{_name_in(found)}}}"), write_plain(marked))
    return Filled(
        subject=put_values(words.subject, plain),
        heading=put_values(words.heading, plain),
        html=_fill_html(render_markdown(marked), plain),
        words=body,
    )


def put_values(text: str, values: Mapping[str, str]) -> str:
    """Put values in place of variables in a plain text. A name without a value stays as it is written."""
    return VARIABLE.sub(lambda found: values.get(found[1], found[0]), text)


def _fill_html(html: Markup, values: Mapping[str, str]) -> Markup:
    def put(found: re.Match[str]) -> str:
        return str(escape(values.get(_name_in(found), f"{{{_name_in(found)}}}")))

    filled = MARK.sub(put, str(html)).replace("<a ", '<a class="link" ')
    return Markup(filled)  # noqa: S704 - rendered by the safe renderer, and each value is escaped


def _mark(text: str) -> str:
    return VARIABLE.sub(lambda found: f"{MARK_START}{found[1].encode().hex()}qx", text)


def _name_in(found: re.Match[str]) -> str:
    return bytes.fromhex(found[1]).decode(errors="replace")


def _find_problem(field: str, text: str, known: tuple[Variable, ...]) -> str:
    """Return what is wrong with the variables of a text; empty where nothing is."""
    names = ", ".join(f"{{{each.name}}}" for each in known)
    if CODE.search(text):
        return f"A variable has one pair of braces and nothing but its name in them. These are known: {names}."
    allowed = {each.name for each in known}
    unknown = [name for name in VARIABLE.findall(text) if name not in allowed]
    if unknown:
        return f"{{{unknown[0]}}} is no variable of this email. These are: {names}."
    return next(_find_wrong_links(text, known), "") if field == "body" else ""


def _find_wrong_links(body: str, known: tuple[Variable, ...]) -> Iterator[str]:
    addresses = [each.name for each in known if each.is_address]
    for found in LINK_MARK.finditer(str(render_markdown(_mark(body)))):
        if _name_in(found) not in addresses:
            good = ", ".join(f"{{{name}}}" for name in addresses)
            yield f"A link cannot lead to {{{_name_in(found)}}}. Links may lead to: {good}."
