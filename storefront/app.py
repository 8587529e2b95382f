"""`create_app(settings)`: wiring and nothing but wiring."""

from warnings import catch_warnings

from flask import Flask, g
from werkzeug.local import LocalProxy

from storefront.base_app import create_base_app
from storefront.buyers.account.proof_views import confirm
from storefront.buyers.account.views import account
from storefront.buyers.availability.views import availability
from storefront.buyers.library import gift_views as _gift_views  # noqa: F401 - more of an order's page
from storefront.buyers.library import license_views as _license_views  # noqa: F401 - more of an order's page
from storefront.buyers.library.news_views import news
from storefront.buyers.library.views import library
from storefront.buyers.offers.views import offers
from storefront.buyers.reminders.views import reminders
from storefront.core import money
from storefront.core.config.settings import Settings
from storefront.core.left_out import left_out
from storefront.core.queue import QUEUE
from storefront.core.queue_drivers import load_engine
from storefront.customers.proofs import LIFETIME_MINUTES
from storefront.customers.views import customers
from storefront.delivery.downloads.views import downloads, set_up_downloads
from storefront.delivery.licenses.api.views import licenses
from storefront.delivery.licenses.signing.views import well_known
from storefront.owner.admin.pages import admin
from storefront.owner.health import security_txt as _security_txt  # noqa: F401 - its address
from storefront.owner.health.views import health
from storefront.owner.times import set_up_times
from storefront.payments.buy import frame_views as _frame_views  # noqa: F401 - its addresses
from storefront.payments.buy.views import buy
from storefront.payments.checkout import again_views as _again_views  # noqa: F401 - its address
from storefront.payments.checkout import gift_views as _gift_page  # noqa: F401 - a page more of it
from storefront.payments.checkout import upgrade_views as _upgrade_views  # noqa: F401 - its addresses
from storefront.payments.checkout.views import checkout
from storefront.payments.webhook.views import webhook
from storefront.shop.cart.views import cart
from storefront.shop.catalog.amounts import write_amount
from storefront.shop.catalog.views import catalog
from storefront.shop.found.views import found
from storefront.shop.looks.views import looks
from storefront.shop.media.views import media
from storefront.shop.pages.views import pages
from storefront.shop.profile.read import read_told_profile
from storefront.shop.translations.read import lang_of
from storefront.stripe_api.gateway import GATEWAY
from storefront.web.kept_templates import keep_templates
from storefront.web.outage_pages import set_up_outage_pages
from storefront.web.request_log import Shop
from storefront.web.setup import set_up_web
from storefront.web.slow_bodies import set_up_slow_bodies

BLUEPRINTS = (
    catalog, found, pages, media, looks, cart, checkout, buy, webhook, customers, account, library, confirm, news,
    offers, reminders, availability, downloads, licenses, well_known, health, admin,
)  # fmt: skip

# With these requests guesses how an answer is written. Stripe's says so, and they are 2 to 4 MB.
GUESSES_OF_LETTERS = ("chardet", "charset_normalizer")
FIRST_PAGES = (
    "base.html", "_components.html", "_flashes.html", "shop/looks/_head.html", "shop/looks/_brand.html",
    "shop/media/_media.html", "shop/catalog/catalog.html", "shop/catalog/product.html",
    "shop/catalog/_referrer.html", "shop/discounts/_code.html", "buyers/availability/_form.html",
    "shop/cart/cart.html",
)  # fmt: skip


def create_app(settings: Settings) -> Flask:
    """Make the shop. It reads no environment: everything comes from `settings`."""
    app = create_base_app(settings, Shop)
    add_pages(app, settings)
    return app


def add_pages(app: Flask, settings: Settings) -> None:
    """Add what answers requests and what templates need. A command's shop does it when it needs an address."""
    set_up_downloads(app, settings)
    set_up_slow_bodies(app)
    set_up_web(app, settings)
    set_up_outage_pages(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    if settings.reload_templates:
        app.jinja_env.auto_reload = True
    app.jinja_env.filters["amount"] = money.write_money
    app.jinja_env.filters["typed_amount"] = write_amount
    set_up_times(app)
    app.jinja_env.globals["shop"] = settings
    app.jinja_env.globals["profile"] = LocalProxy(read_told_profile)  # asked for where a template says it
    app.jinja_env.globals["lang_of"] = lang_of
    app.jinja_env.globals["code_minutes"] = LIFETIME_MINUTES
    app.jinja_env.globals["csp_nonce"] = lambda: g.csp_nonce


def load_late_parts(app: Flask) -> None:
    """Load what waits until it is used, as a command's shop has it: a server fails at its start, or not at all.

    For a process that has this one shop to its end.
    """
    if not app.jinja_env.auto_reload:
        keep_templates(app)
    load_engine(QUEUE.get(app).url)
    with left_out(*GUESSES_OF_LETTERS), catch_warnings(action="ignore"):  # requests says that they are missing
        GATEWAY.get(app).load()


def load_first_pages(app: Flask) -> None:
    """Compile what most visitors see first: threads that do so at once take 7 MB more for good."""
    for name in FIRST_PAGES:
        app.jinja_env.get_template(name)
