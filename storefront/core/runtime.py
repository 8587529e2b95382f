"""What the running shop holds in memory: its settings, and one of each thing that a `Part` declares."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from flask import Flask, current_app
from flask.sansio.app import App

from storefront.core.config.settings import Settings
from storefront.core.page_addresses import in_language

T = TypeVar("T")
NAME = "storefront"


@dataclass(slots=True, kw_only=True)
class Runtime:
    """The shop's own entry in `app.extensions`, and the only one."""

    settings: Settings
    parts: dict["Part[Any]", Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)  # two of the same name are two parts
class Part(Generic[T]):
    """Something that each running shop has one of. It is declared beside its owner, so that core imports nobody.

        QUEUE = Part[Queue]("queue")              # set while the app is made
        SERIALIZER = Part("serializer", _make)    # made when it is first asked for

    Without `app` both methods need an app context.
    """

    name: str
    make: Callable[[], T] | None = None

    def get(self, app: App | None = None) -> T:
        """Raises KeyError for a part that is not set and cannot be made."""
        parts = runtime(app).parts
        if self.make is not None and self not in parts:
            parts.setdefault(self, self.make())  # of two threads that make it at once, both get the first one's
        part: T = parts[self]
        return part

    def set(self, part: T, app: App | None = None) -> None:
        runtime(app).parts[self] = part


def set_up_runtime(app: Flask, settings: Settings) -> None:
    app.extensions[NAME] = Runtime(settings=settings)


def runtime(app: App | None = None) -> Runtime:
    shop: Runtime = (app or current_app).extensions[NAME]
    return shop


def settings() -> Settings:
    return runtime().settings


def absolute_url(endpoint: str, **values: str | int) -> str:
    """Return a link for emails and Stripe: always under BASE_URL, never under the request's Host header.

    A page's link keeps the language of the address, or of the email, it is made for.
    """
    path = current_app.url_map.bind("").build(endpoint, values)
    return settings().base_url + in_language(path)
