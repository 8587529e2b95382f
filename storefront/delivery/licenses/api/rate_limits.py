"""How often one client, and one key, may ask the license API.

Counted where Flask-Limiter counts, but without its decorators: they search for limits at each request, and that
costs twice as much as finding the license.
"""

import math

from limits import RateLimitItem, parse
from limits.errors import StorageError
from limits.strategies import FixedWindowRateLimiter, RateLimiter

from storefront.core import clock
from storefront.core.counters import Counters
from storefront.core.errors import StorefrontError
from storefront.delivery.licenses import keys
from storefront.web.clients import client_of
from storefront.web.limits import limiter

PER_CLIENT = parse("60/minute")
PER_KEY = parse("120/minute")  # from many addresses: a team starts its day at the same hour
SCOPE = "licenses"

_in_memory = FixedWindowRateLimiter(Counters())


class TooManyRequests(StorefrontError):
    code = "RATE_LIMITED"
    status = 429


def count_client(address: str) -> None:
    """Raises TooManyRequests, with the seconds until the next turn."""
    _count(PER_CLIENT, client_of(address))


def count_key(key: str) -> None:
    """Count a key in any spelling. Raises TooManyRequests."""
    _count(PER_KEY, keys.hash_key(key))


def _count(limit: RateLimitItem, who: str) -> None:
    counter: RateLimiter = limiter.limiter
    try:
        is_within = counter.hit(limit, SCOPE, who)
    except StorageError:  # a lost Redis must not stop programs that ask for their license
        counter = _in_memory
        is_within = counter.hit(limit, SCOPE, who)
    if not is_within:
        wait = counter.get_window_stats(limit, SCOPE, who).reset_time - clock.now().timestamp()
        error = TooManyRequests("Too many requests: try again in a minute.")
        error.retry_after_seconds = max(1, math.ceil(wait))
        raise error
