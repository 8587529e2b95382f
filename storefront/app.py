"""`create_app(settings)`: wiring and nothing but wiring."""

from flask import Flask, g

from storefront import money
from storefront.catalog.views import catalog
from storefront.config import ROOT, Settings
from storefront.db import set_up_db
from storefront.migrations import schema
from storefront.queue import set_up_queue
from storefront.web import set_up_web

BLUEPRINTS = (catalog,)


def create_app(settings: Settings) -> Flask:
    app = Flask("storefront", template_folder=str(ROOT / "templates"), static_folder=str(ROOT / "static"))
    app.extensions["settings"] = settings
    app.extensions["schema_head"] = schema.head()
    set_up_db(app, settings)
    set_up_queue(app, settings)
    set_up_web(app, settings)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    app.jinja_env.filters["money"] = money.format_money
    app.jinja_env.globals["shop"] = settings
    app.jinja_env.globals["csp_nonce"] = lambda: g.csp_nonce
    return app
