"""What an answer says: its limits, its variables, and what is filled in before somebody reads and changes it."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from storefront.shop.editor.texts import clean_texts
from storefront.shop.emails.editable import Variable
from storefront.shop.emails.words import RULES, VARIABLE, EmailTextRefused, clean_words, put_values

FIELDS = ("subject", "body")

FILLED = (
    Variable(name="hello", meaning="a greeting, with the buyer's name where it is known"),
    Variable(name="email", meaning="the address that the email goes to"),
    Variable(name="number", meaning="the number of the order"),
    Variable(name="products", meaning="what was bought, with commas between"),
    Variable(name="shop", meaning="the name of your shop"),
    Variable(name="shop_url", meaning="the address of your shop", is_address=True),
    Variable(name="library_url", meaning="where buyers sign in to all they bought", is_address=True),
    Variable(name="support", meaning="the email address for support"),
)
OF_BUYERS = (
    Variable(name="name", meaning="the buyer's name"),
    Variable(name="total", meaning="what the order cost, like $19.00"),
    Variable(name="date", meaning="the day of the order"),
)
# They open keys and files, so they are filled in when the email leaves, and no helper reads them.
ORDER_LINK = Variable(name="order_url", meaning="the address of the order page", is_address=True)
RECEIPT_LINK = Variable(name="receipt_url", meaning="the address of the receipt", is_address=True)
BLANKS = (
    Variable(name="text", meaning="what you write before you send it"),
    Variable(name="reason", meaning="the reason, which you write before you send it"),
)
VARIABLES = (*FILLED, *OF_BUYERS, ORDER_LINK, RECEIPT_LINK, *BLANKS)
BLANK_NAMES = tuple(each.name for each in BLANKS)

# What Markdown would take for markup, and braces, which would be variables. An underscore within a word is none.
SIGNS = re.compile(r"[\\`*\[\]<{}~#]|(?<=\{)%|(?<![^\W_])_|[_](?![^\W_])|&(?=#?\w+;)")


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerWords:
    """`body` is Markdown."""

    subject: str
    body: str

    def as_fields(self) -> dict[str, str]:
        return asdict(self)


def clean_answer(submitted: Mapping[str, Any]) -> dict[str, str]:
    """Return the texts of an answer as they are stored, by column.

    Raises:
        EmailTextRefused: a text does not fit, or names a variable that no answer has, or a subject cannot have.
    """
    cleaned = clean_words({name: submitted[name] for name in FIELDS if name in submitted}, VARIABLES)
    _check_subject(cleaned.get("subject", ""), (*FILLED, *OF_BUYERS))
    return cleaned


def clean_letter(words: AnswerWords, *, allowed: Iterable[Variable]) -> AnswerWords:
    """Return what is sent, whose values are filled in. Only the body may still have variables: links.

    Raises:
        EmailTextRefused: nothing is written, something is still to be written, or it does not fit.
    """
    rules = {name: RULES[name] for name in FIELDS}
    cleaned = clean_texts(words.as_fields(), rules, refused=EmailTextRefused)
    _check_subject(cleaned["subject"], ())
    body = cleaned["body"]
    blank = next((name for name in BLANK_NAMES if name in VARIABLE.findall(body)), None)
    if blank is not None:
        raise EmailTextRefused({"body": f"Write your own words in place of {{{blank}}}."})
    if not body:
        raise EmailTextRefused({"body": "Write what the buyer is to read."})
    return AnswerWords(subject=cleaned["subject"], **clean_words({"body": body}, allowed))


def _check_subject(subject: str, known: Iterable[Variable]) -> None:
    """A subject is read on locked screens and by every server on the way, so no link that opens keys is in it."""
    names = {each.name for each in known}
    left = next((name for name in VARIABLE.findall(subject) if name not in names), None)
    if left is not None:
        raise EmailTextRefused({"subject": f"Nothing fills in {{{left}}} in a subject. Take it out."})


def fill_in(words: AnswerWords, values: Mapping[str, str]) -> AnswerWords:
    """Put values in, to be read and changed. A value is never markup; a name without a value stays."""
    plain = {name: " ".join(value.split()) for name, value in values.items()}
    addresses = {each.name for each in VARIABLES if each.is_address}
    in_markdown = {name: value if name in addresses else as_markdown(value) for name, value in plain.items()}
    return AnswerWords(subject=put_values(words.subject, plain), body=put_values(words.body, in_markdown))


def fill_blanks(words: AnswerWords, said: str) -> AnswerWords:
    """Put Markdown in place of what is left to whoever sends it; nothing leaves it open.

    Raises:
        EmailTextRefused: there is no place for what is said.
    """
    if said and not set(BLANK_NAMES) & set(VARIABLE.findall(words.body)):
        raise EmailTextRefused({"body": "This answer has no {text} or {reason}, so nothing can be said in it."})
    return AnswerWords(
        subject=words.subject, body=put_values(words.body, dict.fromkeys(BLANK_NAMES, said) if said else {})
    )


def as_markdown(value: str) -> str:
    """Return Markdown that says exactly this."""
    return SIGNS.sub(lambda found: f"\\{found[0]}", value)
