"""Request limits: `@limiter.limit("5/minute")` on a view, counted for each client."""

import math
from contextlib import suppress

from flask import Flask, request
from flask_limiter import Limiter
from limits import parse_many
from limits.errors import StorageError

from storefront.core import clock, counters
from storefront.core.config.settings import Settings
from storefront.web.clients import client_of

DEFAULT_WAIT_SECONDS = 60


def client() -> str:
    """Return who sent this request, as every limit counts them."""
    return client_of(request.remote_addr or "")


limiter = Limiter(key_func=client)


def seconds_to_wait() -> int:
    """Return it for our own Retry-After: the limiter's headers would overwrite that of every limited page."""
    limit = limiter.current_limit
    if limit is None:
        return DEFAULT_WAIT_SECONDS
    return max(1, math.ceil(limit.reset_at - clock.now().timestamp()))


def most_of_mailed_links() -> str:
    """Return the limit of a link in an email. One mail program ends many people's, with one click each."""
    return "600/minute" if "List-Unsubscribe" in request.form else "30/minute"


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


class Tries:
    """Tries of each client that were in vain, such as codes that nobody knows. What works costs nothing.

    A limiter that cannot be asked stops nobody.
    """

    def __init__(self, limits: str, *, scope: str) -> None:
        self._limits = parse_many(limits)
        self._scope = scope

    def are_left(self) -> bool:
        with suppress(StorageError):
            return all(limiter.limiter.test(limit, self._scope, client()) for limit in self._limits)
        return True

    def count(self) -> None:
        """Count one that was in vain."""
        with suppress(StorageError):
            for limit in self._limits:
                limiter.limiter.hit(limit, self._scope, client())
