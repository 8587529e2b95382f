"""The languages of the shop: which there are, which is spoken now, and what it makes of texts, money and dates.

English stands in the code. Catalogs are read from their `.po` files when a process first needs them: nothing is
compiled, so nothing can be out of date.
"""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, Literal

import flask_babel
from babel import Locale
from babel.dates import format_date, format_datetime, format_skeleton
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from babel.support import Translations
from babel.units import format_unit
from flask import Flask, g, has_app_context, has_request_context, request
from werkzeug.local import LocalProxy
from werkzeug.utils import cached_property

from storefront.core.money import format_money
from storefront.core.page_addresses import PREFIX, has_languages, prefix_now
from storefront.core.runtime import Part
from storefront.core.texts import Marked

SPOKEN = "spoken_language"  # of `g`: the one of now, once somebody has asked for it
FOLDER = Path(__file__).resolve().parents[1] / "translations"


class Language(StrEnum):
    """What the shop can speak, by the codes of browsers and of Stripe."""

    ENGLISH = "en"
    GERMAN = "de"
    FRENCH = "fr"
    SPANISH = "es"

    @property
    def own_name(self) -> str:
        return {"en": "English", "de": "Deutsch", "fr": "Français", "es": "Español"}[self]

    @property
    def locale(self) -> str:
        """Return whose numbers and dates it takes."""
        return "en_US" if self is Language.ENGLISH else self.value

    @property
    def of_networks(self) -> str:
        """Return its `og:locale`, which wants a country: https://ogp.me/#optional."""
        return "en_US" if self is Language.ENGLISH else f"{self.value}_{self.value.upper()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """What the shop speaks: its own language, and all it offers, in the order of `Language`."""

    own: Language = Language.ENGLISH
    languages: tuple[Language, ...] = tuple(Language)

    @property
    def others(self) -> tuple[Language, ...]:
        """Return what it offers beside its own: the languages of translations."""
        return tuple(filter(self.own.__ne__, self.languages))


# The drawer with the shop's profile sets it.
OFFERED: Part[Callable[[], Offered]] = Part("languages", lambda: Offered)


def find_language(code: str | None) -> Language | None:
    """Return the language of a code such as `de`, `de-AT` or `de_AT`."""
    first = (code or "").replace("_", "-").partition("-")[0].lower()
    return Language(first) if first in tuple(Language) else None


def offered() -> Offered:
    return OFFERED.get()()


def current_language() -> Language:
    """Return what is spoken now: by the address, else the browser, else the shop. Commands speak English."""
    if not has_app_context():
        return Language.ENGLISH
    language: Language | None = g.get(SPOKEN)
    if language is None:  # a page asks forty times
        found = flask_babel.get_locale()
        language = Language(found.language) if found else Language.ENGLISH
        setattr(g, SPOKEN, language)
    return language


def language_of_address() -> Language | None:
    return find_language(prefix_now().removeprefix("/"))


@contextmanager
def speaking(language: Language) -> Iterator[None]:
    """Speak it meanwhile, links included: they name a language that is not the shop's own."""
    before, spoken = g.get(PREFIX, ""), g.get(SPOKEN)
    setattr(g, PREFIX, "" if language is offered().own else f"/{language}")
    setattr(g, SPOKEN, language)
    try:
        with flask_babel.force_locale(language):
            yield
    finally:
        setattr(g, PREFIX, before)
        setattr(g, SPOKEN, spoken)


def say(text: str) -> str:
    """Return a marked text in the language of now, and any other text as it is."""
    return text.said(_translate) if isinstance(text, Marked) else text


def with_colon(label: str) -> str:
    """Write `Order:`, or `Commande :`."""
    return say(label) + colon()


def colon() -> str:
    """Return it as it stands behind a word."""
    return " :" if current_language() is Language.FRENCH else ":"


def _(source: str, /, **values: Any) -> str:  # noqa: ANN401 - whatever its placeholders take
    """Translate now: for what a page or an email says while it is made."""
    return str(flask_babel.gettext(source, **values))


def ngettext(singular: str, plural: str, num: int, /, **values: Any) -> str:  # noqa: ANN401 - as above
    """Translate a text about a number of things, with `%(num)d`."""
    return str(flask_babel.ngettext(singular, plural, num, **values))


def _translate(source: str, plural: str | None, number: int) -> str:
    translations = flask_babel.get_translations()
    return str(translations.ugettext(source) if plural is None else translations.ungettext(source, plural, number))


def show_money(amount_minor: int, currency: str) -> str:
    return format_money(amount_minor, currency, locale=current_language().locale)


def show_day(moment: date) -> str:
    """Write `November 28, 2026`, or `28. November 2026`."""
    return str(format_date(moment, format="long", locale=current_language().locale))


def show_day_of_year(moment: date) -> str:
    """Write `November 28`, or `28. November`."""
    return str(format_skeleton("MMMMd", moment, locale=current_language().locale))


def show_hour(moment: datetime) -> str:
    """Write a moment to the minute, in UTC."""
    language = current_language()
    if language is Language.ENGLISH:
        return f"{show_day(moment)} {moment:%H:%M} UTC"
    return f"{format_datetime(moment, format='long', locale=language.locale, tzinfo=None)}"


def show_number(number: float, pattern: str | None = None) -> str:
    return str(format_decimal(number, format=pattern, locale=current_language().locale))


def show_unit(number: float, unit: str, *, pattern: str, length: Literal["short", "long"] = "short") -> str:
    """Write `2,5 kB`, or `2,5 ko`. `unit` is a name of CLDR, such as `digital-kilobyte`."""
    locale = current_language().locale
    return str(format_unit(number, unit, length, format=pattern, locale=locale))


def show_country(code: str) -> str:
    """Write `Austria`, or `Österreich`, of `AT`. A code that stands for no country stays as it is."""
    return str(Locale.parse(current_language().locale).territories.get(code, code))


class _Catalogs(flask_babel.Domain):  # type: ignore[misc] # Flask-Babel has no types
    """Reads `.po` files, where Flask-Babel wants compiled ones."""

    def get_translations(self) -> Translations:
        return read_catalog(current_language())


class _Babel(flask_babel.Babel):  # type: ignore[misc] # as above
    @cached_property
    def domain_instance(self) -> _Catalogs:
        return _Catalogs()


class _Texts(Translations):
    """Finds a text also where it is the singular of a counted one: a catalog has both in one entry."""

    def ugettext(self, message: str) -> str:
        found = str(super().ugettext(message))
        return found if found != message else str(self.ungettext(message, message, 1))


@cache
def read_catalog(language: Language) -> Translations:
    """Return a language's texts; English has none, because its texts are in the code."""
    path = FOLDER / language / "LC_MESSAGES" / "messages.po"
    if not path.is_file():
        return _Texts()
    with path.open("rb") as file:
        catalog = read_po(file, locale=language.value)
    compiled = io.BytesIO()
    write_mo(compiled, catalog)
    compiled.seek(0)
    return _Texts(compiled)


def _select() -> str:
    """Choose the language of a request: its address, else its browser, else the shop."""
    if not has_request_context() or not has_languages(request.path):
        return Language.ENGLISH
    if by_address := language_of_address():
        return by_address
    shop = offered()
    codes = [shop.own.value, *(language.value for language in shop.languages)]
    return request.accept_languages.best_match(codes) or shop.own.value


def set_up_languages(app: Flask) -> None:
    """Let templates translate, and say what was marked, money and dates in the language of now."""
    _Babel(app, default_translation_directories=str(FOLDER), locale_selector=_select)
    app.jinja_env.finalize = say
    app.jinja_env.policies["ext.i18n.trimmed"] = True  # as when they are collected
    app.jinja_env.filters.update(
        money=show_money,
        day=show_day,
        day_of_year=show_day_of_year,
        hour=show_hour,
        number=show_number,
        say=say,
        colon=with_colon,
    )
    app.jinja_env.globals["colon"] = colon  # no filter of an empty text: of what is constant Jinja keeps the first
    app.jinja_env.globals["language"] = LocalProxy(current_language)
