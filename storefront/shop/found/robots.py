"""`/robots.txt` (RFC 9309): what search engines leave alone. What is private says so in its headers, too."""

from storefront.core.runtime import absolute_url, settings

PRIVATE = (
    "/admin",
    "/account",
    "/buy/",
    "/cart",
    "/checkout",
    "/confirm/",
    "/downloads/",
    "/library",
    "/news/",
    "/orders/",
    "/reminders/",
    "/sign-in",
    "/v1/",
    "/webhook",
)


def write_robots() -> str:
    """Return the file. A shop that takes no real money has nothing to be found."""
    if not settings().is_live:
        return "User-agent: *\nDisallow: /\n"
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in PRIVATE), ""]
    return "\n".join([*lines, f"Sitemap: {absolute_url('found.sitemap')}", ""])
