"""Request limits: `@limiter.limit("5/minute")` on a view, counted for each client."""

from flask import Flask, request
from flask_limiter import Limiter

from storefront.core import counters
from storefront.core.config.settings import Settings
from storefront.web.clients import client_of


def client() -> str:
    """Return who sent this request, as every limit counts them."""
    return client_of(request.remote_addr or "")


limiter = Limiter(key_func=client)


def set_up_limits(app: Flask, shop: Settings) -> None:
    """Leave out the hooks that the extension puts around every request.

    Only marked views are limited, and each checks itself. The hooks have nothing to do and would cost each page
    a tenth of its time. The extension does not add them to an app that already lists it.
    """
    app.config.update(
        RATELIMIT_STORAGE_URI=counters.URI if shop.limits_url == "memory://" else shop.limits_url,
        RATELIMIT_STORAGE_OPTIONS={"wrap_exceptions": True},
        RATELIMIT_IN_MEMORY_FALLBACK_ENABLED=True,  # a lost Redis must not stop the selling
    )
    app.extensions.setdefault("limiter", set()).add(limiter)
    limiter.init_app(app)
