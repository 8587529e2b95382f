"""Puts the sandbox's Flask app together: API, control API, pages."""

from flask import Flask

from storefront.devtools.front import STATIC, TEMPLATES
from storefront.devtools.loopback import refuse_foreign_hosts
from storefront.devtools.sandbox.api.faults import Faults
from storefront.devtools.sandbox.api.request_log import RequestLog
from storefront.devtools.sandbox.api.views import api
from storefront.devtools.sandbox.config import SandboxConfig
from storefront.devtools.sandbox.control.blueprint import control
from storefront.devtools.sandbox.in_progress import count_requests
from storefront.devtools.sandbox.pages.checkout_form import checkout_form
from storefront.devtools.sandbox.pages.control_panel import control_panel
from storefront.devtools.sandbox.pages.elements import elements
from storefront.devtools.sandbox.pages.invoice import invoice
from storefront.devtools.sandbox.pages.method_pages import method_pages
from storefront.devtools.sandbox.pages.payment_link import payment_link
from storefront.devtools.sandbox.pages.receipt import receipt
from storefront.devtools.sandbox.pages.reference import reference
from storefront.devtools.sandbox.resources.webhook_endpoints import ensure_endpoint
from storefront.devtools.sandbox.storage.store import Store
from storefront.devtools.sandbox.webhooks.stripe_listen import listen, set_up_listeners

_BLUEPRINTS = (
    api,
    control,
    listen,
    checkout_form,
    control_panel,
    elements,
    invoice,
    method_pages,
    payment_link,
    receipt,
    reference,
)


def create_sandbox(config: SandboxConfig) -> Flask:
    """Make the app alone: without a SandboxServer nothing is delivered, settled or expired by itself."""
    app = Flask(
        "storefront.devtools.sandbox",
        template_folder=str(TEMPLATES),
        static_folder=str(STATIC),
        static_url_path="/static/sandbox",
    )
    # `/v1/checkout/sessions/` and `//` are other addresses than those without, and unknown ones.
    app.url_map.merge_slashes = False
    app.json.sort_keys = False  # type: ignore[attr-defined] # the default provider has it
    store = Store(config)
    app.extensions["sandbox_store"] = store
    app.extensions["sandbox_faults"] = Faults()
    app.extensions["sandbox_requests"] = RequestLog()
    app.extensions["sandbox_listeners"] = set_up_listeners(store)
    if config.webhook_url is not None:
        with store.work() as work:
            ensure_endpoint(work, config.webhook_url, config.webhook_secret)
    count_requests(app)
    refuse_foreign_hosts(app, from_anywhere=config.allow_any_address)
    for blueprint in _BLUEPRINTS:
        app.register_blueprint(blueprint)
    return app
