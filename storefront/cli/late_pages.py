"""A shop that has no pages until somebody asks for an address or renders a template. Most commands do neither."""

from collections.abc import Callable
from typing import Any, cast

from flask import Flask
from flask.templating import Environment
from jinja2 import Template
from werkzeug.routing import Map, MapAdapter

from storefront.base_app import create_base_app
from storefront.core.config.settings import Settings
from storefront.web.request_log import Shop


class LateAddresses(Map):
    """Flask's map of addresses; `load` fills it before the first one is asked for."""

    load: Callable[[], None] | None = None

    def bind(self, *args: Any, **kwargs: Any) -> MapAdapter:  # noqa: ANN401 - as in Werkzeug
        if self.load is not None:
            self.load()
        return super().bind(*args, **kwargs)


class LateTemplates(Environment):
    """Flask's templates; `load` brings what they call before the first one is compiled."""

    load: Callable[[], None] | None = None

    def get_template(self, *args: Any, **kwargs: Any) -> Template:  # noqa: ANN401 - as in Jinja
        if self.load is not None:
            self.load()
        return super().get_template(*args, **kwargs)


class LateShop(Shop):
    url_map_class = LateAddresses
    jinja_environment = LateTemplates


def create_late_app(settings: Settings) -> Flask:
    app = create_base_app(settings, LateShop)
    addresses, templates = cast("LateAddresses", app.url_map), cast("LateTemplates", app.jinja_env)

    def load() -> None:
        addresses.load = templates.load = None
        from storefront.app import add_pages

        add_pages(app, settings)

    addresses.load = templates.load = load
    return app
