"""The language in a page's address: taken off before the shop looks, and put before what the page links to."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from flask import Flask, Response, g, request

from storefront.core.languages import Language, language_of_address, offered
from storefront.core.page_addresses import PREFIX, has_languages, in_language, prefix_now
from storefront.core.runtime import settings
from storefront.web.programs import Wsgi
from storefront.web.script_texts import script_texts

OF_ADDRESS = "storefront.language"


class LanguageAddresses:
    """Makes `/de/cart` a request for `/cart` in German. Addresses of files and programs have no language."""

    def __init__(self, app: Wsgi) -> None:
        self.app = app

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:  # noqa: ANN401 - WSGI's
        first, _slash, rest = environ.get("PATH_INFO", "").removeprefix("/").partition("/")
        path = "/" + rest
        if first in tuple(Language) and has_languages(path):
            environ["PATH_INFO"] = path
            environ[OF_ADDRESS] = first
        return self.app(environ, start_response)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The page that is shown, in one language. `path` is its address here, `url` the whole one."""

    language: Language
    path: str
    is_current: bool

    @property
    def url(self) -> str:
        return settings().base_url + self.path


def take_language() -> None:
    """Let links of this request keep the language of its address.

    One that the owner took away stands in emails for years: its addresses stay, and speak another one.
    """
    code = request.environ.get(OF_ADDRESS)
    if code is None:
        return
    setattr(g, PREFIX, f"/{code}")
    if code not in offered().languages:
        setattr(g, PREFIX, "")


def choices() -> tuple[Choice, ...]:
    """Return this page in each language the shop offers: none where it offers one, or the page has none."""
    shop = offered()
    if len(shop.languages) < 2 or not has_languages(request.path):
        return ()
    has_page = request.method in ("GET", "HEAD") and "is_error_page" not in g
    path = request.full_path.rstrip("?") if has_page else "/"
    by_address = language_of_address()
    return tuple(
        Choice(language=language, path=f"/{language}{path}", is_current=language is by_address)
        for language in shop.languages
    )


def _is_of_this_shop(location: str) -> bool:
    return location.startswith("/") and not location.startswith("//")


def keep_language(response: Response) -> None:
    """Lead on in the language of the address, and say what an answer without one depends on."""
    if _is_double(response):
        response.status_code = 302
        response.headers["Location"] = request.full_path.rstrip("?")
        response.set_data(b"")
    location = response.headers.get("Location", "")
    if _is_of_this_shop(location) and not _has_prefix(location):
        response.headers["Location"] = in_language(location)
    if "is_open_page" in g and not prefix_now():
        response.vary.add("Accept-Language")
    if g.get("is_found") and response.status_code == 200 and response.mimetype == "text/html":
        _name_other_languages(response)


def _is_double(response: Response) -> bool:
    """Tell whether this is a page for everybody in a language that is not offered now: it has a plain address."""
    return (
        OF_ADDRESS in request.environ
        and not prefix_now()
        and "is_open_page" in g
        and response.status_code == 200
        and request.method in ("GET", "HEAD")
    )


def _name_other_languages(response: Response) -> None:
    """Tell search engines, in a header because pages are at their budget.

    https://developers.google.com/search/docs/specialty/international/localized-versions#http
    """
    languages = offered().languages
    if len(languages) > 1 and has_languages(request.path):
        links = _links if not request.query_string else _links.__wrapped__
        response.headers.extend(links(settings().base_url, request.full_path.rstrip("?"), languages))


@lru_cache(maxsize=256)
def _links(base_url: str, path: str, languages: tuple[Language, ...]) -> tuple[tuple[str, str], ...]:
    addresses = [*((f"/{language}{path}", language.value) for language in languages), (path, "x-default")]
    return tuple(
        ("Link", f'<{base_url}{address}>; rel="alternate"; hreflang="{code}"') for address, code in addresses
    )


def _has_prefix(path: str) -> bool:
    return path.split("/")[1].partition("?")[0] in tuple(Language)


def set_up_web_languages(app: Flask) -> None:
    app.jinja_env.globals["at"] = PrefixOfLinks()
    app.jinja_env.globals["language_choices"] = choices
    app.jinja_env.globals["script_texts"] = script_texts


class PrefixOfLinks:
    """What templates write before the path of a page of ours: `href="{{ at }}/cart"`."""

    def __str__(self) -> str:
        return prefix_now()
