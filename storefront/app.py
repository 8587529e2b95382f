"""`create_app(settings)`: wiring and nothing but wiring."""

from importlib import import_module

from flask import Flask, g
from werkzeug.local import LocalProxy

from storefront.buyers.account.proof_views import confirm
from storefront.buyers.account.views import account
from storefront.buyers.availability.views import availability
from storefront.buyers.library import gift_views as _gift_views  # noqa: F401 - more of an order's page
from storefront.buyers.library import license_views as _license_views  # noqa: F401 - more of an order's page
from storefront.buyers.library.news_views import news
from storefront.buyers.library.views import library
from storefront.buyers.reminders.views import reminders
from storefront.core import money
from storefront.core.config.settings import Settings
from storefront.core.db import set_up_db
from storefront.core.measurements import set_up_measurements
from storefront.core.places import FRONT
from storefront.core.queue import set_up_queue
from storefront.core.runtime import set_up_runtime
from storefront.core.storage import set_up_storage
from storefront.customers.proofs import LIFETIME_MINUTES
from storefront.customers.signed_in_browsers import set_up_sign_out
from storefront.customers.views import customers
from storefront.delivery.downloads import models as _download_models  # noqa: F401 - its tables
from storefront.delivery.downloads.views import downloads, set_up_downloads
from storefront.delivery.licenses.api.views import licenses
from storefront.delivery.licenses.signing.views import well_known
from storefront.mail.transport import set_up_mail
from storefront.migrations.head import head
from storefront.owner.admin.pages import admin
from storefront.owner.health import security_txt as _security_txt  # noqa: F401 - its address
from storefront.owner.health.views import health
from storefront.owner.health.writing import set_up_write_probe
from storefront.owner.readiness import models as _readiness_models  # noqa: F401 - its tables
from storefront.payments.buy import frame_views as _frame_views  # noqa: F401 - its addresses
from storefront.payments.buy.views import buy
from storefront.payments.checkout import again_views as _again_views  # noqa: F401 - its address
from storefront.payments.checkout import gift_views as _gift_page  # noqa: F401 - a page more of it
from storefront.payments.checkout import upgrade_views as _upgrade_views  # noqa: F401 - its addresses
from storefront.payments.checkout.closing import close_started
from storefront.payments.checkout.views import checkout
from storefront.payments.webhook.views import webhook
from storefront.shop.cart.views import cart
from storefront.shop.catalog.amounts import write_amount
from storefront.shop.catalog.views import catalog
from storefront.shop.found.views import found
from storefront.shop.looks.views import looks
from storefront.shop.media import models as _media_models  # noqa: F401 - its tables
from storefront.shop.media.views import media
from storefront.shop.pages.views import pages
from storefront.shop.profile.languages import set_up_shop_languages
from storefront.shop.profile.read import read_told_profile
from storefront.shop.translations.read import lang_of
from storefront.stripe_api.gateway import GATEWAY, set_up_gateway
from storefront.web.outage_pages import set_up_outage_pages
from storefront.web.request_log import Shop
from storefront.web.setup import set_up_web
from storefront.web.slow_bodies import set_up_slow_bodies

BLUEPRINTS = (
    catalog, found, pages, media, looks, cart, checkout, buy, webhook, customers, account, library, confirm, news,
    reminders, availability, downloads, licenses, well_known, health, admin,
)  # fmt: skip


def create_app(settings: Settings) -> Flask:
    """Make the shop. It reads no environment: everything comes from `settings`."""
    app = Shop("storefront", template_folder=str(FRONT / "templates"), static_folder=str(FRONT / "static"))
    set_up_runtime(app, settings)
    head()  # read now: an upgrade of the code puts other files there while this process runs
    set_up_db(app, settings)
    set_up_measurements(app)
    set_up_write_probe(app)
    set_up_queue(app, settings)
    set_up_gateway(app, settings)
    set_up_mail(app, settings)
    set_up_storage(app, settings)
    set_up_downloads(app, settings)
    set_up_slow_bodies(app)
    set_up_web(app, settings)
    set_up_outage_pages(app)
    set_up_sign_out(app, close_started)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    set_up_shop_languages(app)
    app.jinja_env.filters["amount"] = money.write_money
    app.jinja_env.filters["typed_amount"] = write_amount
    app.jinja_env.globals["shop"] = settings
    app.jinja_env.globals["profile"] = LocalProxy(read_told_profile)  # asked for where a template says it
    app.jinja_env.globals["lang_of"] = lang_of
    app.jinja_env.globals["code_minutes"] = LIFETIME_MINUTES
    app.jinja_env.globals["csp_nonce"] = lambda: g.csp_nonce
    return app


def load_late_parts(app: Flask) -> None:
    """Load what waits until it is used, as a command's shop has it: a server fails at its start, or not at all."""
    import_module("storefront.core.queue_engine")
    GATEWAY.get(app).load()
