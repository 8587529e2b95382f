"""Texts that are written before their reader is known. Programs and logs read them in English.

A marked text is an English `str`. What stands in a page or an email is said in its language by `say()` of
`core/languages.py`, and templates say every marked text by themselves.
"""

from collections.abc import Callable
from typing import Any

Translate = Callable[[str, str | None, int], str]  # source, plural and number


class Marked(str):
    """English, and how to say it in another language."""

    __slots__ = ("number", "plural", "source", "values")

    source: str
    plural: str | None
    number: int
    values: dict[str, Any]

    def said(self, translate: Translate) -> str:
        text = translate(self.source, self.plural, self.number)
        if not self.values:
            return text
        return text % {name: _value(value, translate) for name, value in self.values.items()}

    def with_values(self, **values: Any) -> "Marked":  # noqa: ANN401 - whatever its placeholders take
        """Return the same text with what stands in its placeholders."""
        return _make(self.source, self.plural, self.number, values)


class Joined(Marked):
    """Sentences one after the other, each said by itself."""

    __slots__ = ("parts",)

    parts: tuple[str, ...]

    def said(self, translate: Translate) -> str:
        return " ".join(_value(part, translate) for part in self.parts)


def joined(*parts: str) -> Joined:
    """Put sentences behind each other: a marked one stays marked."""
    text = Joined(" ".join(parts))
    text.parts = parts
    return text


def marked(source: str, /, **values: Any) -> Marked:  # noqa: ANN401 - whatever its placeholders take
    """Mark a text for translation: `marked("At most %(most)d items.", most=20)`."""
    return _make(source, None, 1, values)


def marked_count(singular: str, plural: str, number: int, /, **values: Any) -> Marked:  # noqa: ANN401 - as above
    """Mark a text about a number of things: `marked_count("%(num)d item", "%(num)d items", 2)`."""
    return _make(singular, plural, number, {"num": number, **values})


def _make(source: str, plural: str | None, number: int, values: dict[str, Any]) -> Marked:
    english = source if plural is None or number == 1 else plural
    text = Marked(english % values if values else english)
    text.source, text.plural, text.number, text.values = source, plural, number, values
    return text


def _value(value: Any, translate: Translate) -> Any:  # noqa: ANN401 - as above
    return value.said(translate) if isinstance(value, Marked) else value
