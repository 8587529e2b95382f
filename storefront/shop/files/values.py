"""How the value of a field is read, written and described, by what it is: a line, a number, yes or no, a day."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from storefront.shop.catalog.last_day import end_of_day
from storefront.shop.catalog.parts import MOST_PARTS
from storefront.shop.editor.refusals import ProductRefused
from storefront.shop.editor.texts import (
    LONGEST_ANSWER,
    LONGEST_QUESTION,
    LONGEST_TAG,
    MOST_QUESTIONS,
    MOST_TAGS,
    TextRule,
    check_slug,
    clean_text,
    clean_texts,
)
from storefront.shop.files.mistakes import Wrong
from storefront.shop.files.nodes import Items, Node, Scalar, Table, unknown_name
from storefront.shop.files.yaml_text import Plain

NONE = "none"
NO_LIMIT = {NONE, "null", "~"}
YES, NO = {"true", "yes"}, {"false", "no"}
PAIR = ("question", "answer")
Schema = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """`name` is the folder's, `column` the shop's. `read` raises Wrong; `write` returns a tree of texts.

    `schema` is for editors: JSON Schema.
    """

    name: str
    column: str
    read: Callable[[Node], Any]
    write: Callable[[Any], Any]
    schema: Schema = field(default_factory=dict)


def scalar(node: Node) -> str:
    """Return the text of a value. Raises Wrong."""
    if isinstance(node, Scalar):
        return node.text
    raise Wrong("write one value here, no list.", node.line)


def items(node: Node) -> tuple[Node, ...]:
    """Return the entries of a list. Raises Wrong."""
    if isinstance(node, Items):
        return node.nodes
    raise Wrong("write a list: one entry a line, each behind a hyphen.", node.line)


def table(node: Node) -> Table:
    """Return fields. Raises Wrong."""
    if isinstance(node, Table):
        return node
    raise Wrong("write fields here: a name, a colon and a value on each line.", node.line)


def text(name: str, rule: TextRule, *, column: str = "") -> Field:
    return Field(
        name=name,
        column=column or name,
        read=lambda node: clean(scalar(node), rule),
        write=str,
        schema={"type": ["string", "number", "boolean"] if rule.is_line else "string", "maxLength": rule.longest},
    )


def upgrades(name: str, rule: TextRule) -> Field:
    """Return a field for whose owners may upgrade; whether there are such editions is seen when they are sold."""

    def read(node: Node) -> str:
        return str(cleaned(name, scalar(node)))

    return replace(text(name, rule), read=read)


def clean(value: str, rule: TextRule) -> str:
    """Raises Wrong."""
    try:
        return clean_text(value, rule)
    except ValueError as error:
        raise Wrong(str(error)) from error


def flag(name: str) -> Field:
    def read(node: Node) -> bool:
        word = scalar(node).strip().lower()
        if word not in YES | NO:
            raise Wrong(f"{word!r} is neither true nor false.")
        return word in YES

    return Field(
        name=name,
        column=name,
        read=read,
        write=lambda value: Plain("true" if value else "false"),
        schema={"type": "boolean"},
    )


def number(name: str, *, may_be_none: bool = True) -> Field:
    def read(node: Node) -> int | None:
        word = scalar(node).strip().lower()
        if may_be_none and word in NO_LIMIT:
            return None
        if not (word.isdecimal() and word.isascii() and len(word) < 12):
            raise Wrong(f"{word!r} is no whole number{', nor none for no limit' if may_be_none else ''}.")
        return int(word)

    schema: Schema = {"type": "integer", "minimum": 0}
    return Field(
        name=name,
        column=name,
        read=read,
        write=lambda value: NONE if value is None else Plain(value),
        schema={"anyOf": [schema, {"const": NONE}]} if may_be_none else schema,
    )


def choice(name: str, choices: Sequence[str], *, may_be_none: bool = False) -> Field:
    def read(node: Node) -> str | None:
        word = scalar(node).strip().lower()
        if may_be_none and word in NO_LIMIT:
            return None
        if word not in choices:
            raise Wrong(f"{word!r} is none of {', '.join(choices)}.")
        return word

    return Field(
        name=name,
        column=name,
        read=read,
        write=lambda value: NONE if value is None else str(value),
        schema={"enum": [*choices, *([NONE] if may_be_none else [])]},
    )


def prefix(name: str) -> Field:
    def read(node: Node) -> str:
        word = scalar(node).strip()
        return "" if word.lower() in NO_LIMIT else word

    return Field(
        name=name,
        column=name,
        read=read,
        write=lambda value: value or NONE,
        schema={"type": ["string", "number"], "pattern": "^([A-Z0-9]{0,12}|none)$"},
    )


def word(name: str, *, pattern: str) -> Field:
    """Return a field for a word of this form, or none at all; what a word may be, the editor's rule says."""

    def read(node: Node) -> str:
        written = scalar(node).strip()
        return "" if written.lower() in NO_LIMIT else written

    return Field(
        name=name,
        column=name,
        read=read,
        write=lambda value: value or NONE,
        schema={"type": "string", "pattern": f"^({pattern}|{NONE})?$"},
    )


def last_day(name: str) -> Field:
    """Return a field for a day that counts as a whole, or for the second at which something ends."""

    def read(node: Node) -> datetime | None:
        word = scalar(node).strip()
        if word.lower() in NO_LIMIT:
            return None
        try:
            return end_of_day(word) if len(word) == len("2027-12-31") else read_moment(word)
        except ValueError as error:
            raise Wrong(f"{word!r} is no day like 2027-12-31, nor none.") from error

    def write(value: datetime | None) -> str:
        if value is None:
            return NONE
        day = value.date().isoformat()
        return Plain(day if value == end_of_day(day) else write_moment(value))

    return Field(name=name, column=name, read=read, write=write, schema={"type": "string"})


def moment(name: str) -> Field:
    def read(node: Node) -> datetime | None:
        word = scalar(node).strip()
        if word.lower() in NO_LIMIT:
            return None
        try:
            return read_moment(word)
        except ValueError as error:
            raise Wrong(f"{word!r} is no date and time like 2026-11-27T10:00:00Z.") from error

    return Field(
        name=name,
        column=name,
        read=read,
        write=lambda value: NONE if value is None else Plain(write_moment(value)),
        schema={"type": "string"},
    )


def read_moment(word: str) -> datetime:
    """Return a moment; one without a zone is in UTC. Raises ValueError."""
    value = datetime.fromisoformat(word)
    try:
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"{word} is in no year of UTC") from error


def write_moment(value: datetime) -> str:
    return value.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def tags(name: str) -> Field:
    rule = TextRule(label="A tag", longest=LONGEST_TAG)
    return Field(
        name=name,
        column=name,
        read=lambda node: cleaned(name, [clean(scalar(entry), rule) for entry in items(node)]),
        write=list,
        schema={
            "type": "array",
            "maxItems": MOST_TAGS,
            "items": {"type": ["string", "number", "boolean"], "maxLength": LONGEST_TAG},
        },
    )


def questions(name: str) -> Field:
    return Field(
        name=name,
        column=name,
        read=lambda node: cleaned(name, read_pairs(node)),
        write=lambda pairs: [dict(zip(PAIR, pair, strict=True)) for pair in pairs],
        schema={
            "type": "array",
            "maxItems": MOST_QUESTIONS,
            "items": {
                "type": "object",
                "required": list(PAIR),
                "additionalProperties": False,
                "properties": {
                    "question": {"type": "string", "maxLength": LONGEST_QUESTION},
                    "answer": {"type": "string", "maxLength": LONGEST_ANSWER},
                },
            },
        },
    )


def read_pairs(node: Node) -> list[list[str]]:
    """Return what stands there, also what is empty. Raises Wrong."""
    return [_read_pair(entry) for entry in items(node)]


def _read_pair(node: Node) -> list[str]:
    entry = table(node)
    refuse_other_names(entry, PAIR)
    if missing := [name for name in PAIR if name not in entry.nodes]:
        raise Wrong(f"this question has no {missing[0]}: write both.", entry.line)
    pair = [scalar(entry.nodes[name]) for name in PAIR]
    clean_entry("questions", pair, entry.line)
    return pair


def refuse_other_names(entry: Table, known: Collection[str]) -> None:
    """Raises Wrong for a name that a table of a list does not have."""
    for name in entry.nodes:
        if name not in known:
            raise Wrong(unknown_name(name, known), entry.lines[name])


def clean_entry(field: str, texts: list[str], line: int) -> None:
    """Raises Wrong, with the line of the entry where the mistake has none of its own."""
    try:
        cleaned(field, [texts])
    except Wrong as wrong:
        raise Wrong(str(wrong), wrong.line or line) from wrong


def cleaned(name: str, value: list[Any] | str) -> Any:  # noqa: ANN401 - tags are texts, questions are pairs
    """Return texts as they are stored. Raises Wrong."""
    try:
        return clean_texts({name: value})[name]
    except ProductRefused as refused:
        raise Wrong(str(refused)) from refused


def slugs(name: str) -> Field:
    def read(node: Node) -> list[str]:
        words = [scalar(entry).strip() for entry in items(node)]
        for word, entry in zip(words, items(node), strict=True):
            read_slug(word, entry.line)
        if len(set(words)) < len(words):
            twice = next(word for word in words if words.count(word) > 1)
            raise Wrong(f"{twice} stands there twice: keep one.")
        return words

    return Field(
        name=name, column=name, read=read, write=list, schema={"type": "array", "items": {"type": "string"}}
    )


def parts(name: str) -> Field:
    """Return a field for editions of other products, each as `slug/key`."""

    def read(node: Node) -> list[str]:
        words = [scalar(entry).strip() for entry in items(node)]
        for word, entry in zip(words, items(node), strict=True):
            slug, _, key = word.partition("/")
            if not key:
                raise Wrong(f"{word!r} names no edition: write one like my-tool/personal.", entry.line)
            read_slug(slug, entry.line)
        return words

    schema: Schema = {"type": "string", "pattern": "^[a-z0-9-]+/[a-z0-9-]+$"}
    return Field(
        name=name,
        column=name,
        read=read,
        write=list,
        schema={"type": "array", "maxItems": MOST_PARTS, "items": schema},
    )


def slug(name: str) -> Field:
    return Field(
        name=name,
        column=name,
        read=lambda node: read_slug(scalar(node).strip(), node.line),
        write=str,
        schema={"type": "string"},
    )


def read_slug(word: str, line: int) -> str:
    """Raises Wrong."""
    try:
        check_slug(word)
    except ProductRefused as refused:
        raise Wrong(f"{word!r} is no slug: {refused}", line) from refused
    return word
