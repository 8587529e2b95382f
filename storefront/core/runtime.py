"""What the running shop knows of itself: its settings, and the full address of a page."""

from flask import current_app

from storefront.core.config.settings import Settings


def settings() -> Settings:
    found: Settings = current_app.extensions["settings"]
    return found


def absolute_url(endpoint: str, **values: str | int) -> str:
    """A link for mails and Stripe: always under BASE_URL, never under the request's Host header."""
    path = current_app.url_map.bind("").build(endpoint, values)
    return settings().base_url + path
