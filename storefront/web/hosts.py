"""Which names the shop answers under: those of its settings, and this machine's own.

A name that somebody else points here must not read pages (DNS rebinding), nor get into redirects and caches.
"""

import logging
from ipaddress import ip_address
from urllib.parse import urlsplit

from flask import request

from storefront.core.config.settings import Settings
from storefront.core.errors import StorefrontError
from storefront.core.runtime import settings
from storefront.core.texts import marked

log = logging.getLogger(__name__)

# Probes come to an IP address; Stripe's signature and license keys are a permission of their own, and programs
# that were sold long ago may know another name.
ANY_HOST = ("health", "webhook", "licenses", "well_known")


class WrongHost(StorefrontError):
    code = "wrong_host"
    status = 421
    title = marked("The shop has another address")


def name_of(host: str) -> str:
    """Return the host without its port."""
    return host.partition("]")[0] + "]" if host.startswith("[") else host.partition(":")[0]


def is_ip(name: str) -> bool:
    try:
        ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def is_this_machine(name: str) -> bool:
    if name == "localhost" or name.endswith(".localhost"):
        return True
    return is_ip(name) and ip_address(name.strip("[]")).is_loopback


def trusted_names(shop: Settings) -> frozenset[str]:
    return frozenset({name_of(urlsplit(shop.base_url).netloc.lower()), *shop.trusted_hosts})


def has_own_name() -> bool:
    """Tell whether the request names this shop. Without a header (HTTP/1.0) it names and fools nobody."""
    if "HTTP_HOST" not in request.environ:
        return True
    name = name_of(request.host.lower())  # empty where it has signs that no host has
    return name in trusted_names(settings()) or is_this_machine(name)


def check_host() -> None:
    """Let requests to this shop through. Raises WrongHost for others."""
    if request.blueprint in ANY_HOST or has_own_name():
        return
    log.info("host refused", extra={"host": name_of(request.host.lower())[:80]})
    raise WrongHost(
        marked("This shop is at %(base_url)s and nowhere else. Open the page there.", base_url=settings().base_url)
    )
