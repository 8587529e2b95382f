"""Where this browser is, as passkeys see it, and who knocks."""

from urllib.parse import urlsplit

from flask import request

from storefront.core.runtime import settings
from storefront.customers.browser_session import browser_here, reader_here
from storefront.owner.admin.cookie import token_here
from storefront.owner.people.passkeys import Place
from storefront.owner.people.sign_in import Browser
from storefront.web.hosts import is_this_machine, name_of


def place_here() -> Place:
    """By BASE_URL where the request came to its host: a proxy may hide that it speaks https.

    On this machine alone another port counts as well, of a tunnel. Elsewhere it may be somebody else's site.
    """
    shop = urlsplit(settings().base_url)
    host, asked = name_of(request.host.lower()), f"{request.scheme}://{request.host.lower()}"
    if host == shop.hostname:
        return _place_of_shop(host, f"{shop.scheme}://{shop.netloc}", asked)
    return Place(host=host, origin=asked)


def _place_of_shop(host: str, origin: str, asked: str) -> Place:
    return Place(host=host, origin=origin, tunneled=asked if is_this_machine(host) else "")


def named_address() -> str:
    """Return where passkeys work for who opened the shop at 127.0.0.1 or the like; empty where they do here."""
    place = place_here()
    if place.can_have_passkeys or not place.host.startswith("127."):
        return ""
    return f"{request.scheme}://{request.host.replace(place.host, 'localhost')}/admin"


def knocking_browser() -> Browser:
    return Browser(
        reader=reader_here(), words=browser_here(), before=token_here(), origin=place_here().seen_origin
    )
