"""Security headers of every answer, with the Content-Security-Policy of pages."""

from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import urlsplit

from flask import Response, g, request
from werkzeug.routing import RequestRedirect

from storefront.core.config.settings import Mode, Settings
from storefront.core.runtime import settings
from storefront.web.open_pages import is_public, keep_if_open
from storefront.web.static_addresses import rule_of_static

FIXED_HEADERS = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), microphone=(), geolocation=(), browsing-topics=()"),
    ("Cross-Origin-Opener-Policy", "same-origin-allow-popups"),
)
NO_PAGE = "default-src 'none'; frame-ancestors 'none'"  # the policy of JSON, files and the like
# Mails have their styles inline, as mail programs want them; nothing else of them works here.
MAIL_IN_A_FRAME = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; form-action 'none'; base-uri 'none';"
    " frame-ancestors 'self'"
)
HTTPS_ONLY = "max-age=31536000"


class _Sources(NamedTuple):
    """Where Stripe's own parts of a page come from, by what they are."""

    script: str
    frame: str
    connect: str
    image: str
    form: str


STRIPE_SOURCES = _Sources(
    script="https://js.stripe.com https://*.js.stripe.com https://checkout.stripe.com",
    frame="https://js.stripe.com https://*.js.stripe.com https://checkout.stripe.com "
    "https://hooks.stripe.com https://link.com https://*.link.com",
    connect="https://api.stripe.com https://checkout.stripe.com https://link.com https://*.link.com",
    image="https://*.stripe.com https://*.link.com",
    form="https://checkout.stripe.com",
)


def content_security_policy(
    shop: Settings, nonce: str, *, has_own_frames: bool = False, is_framed: bool = False, framed_by: str = ""
) -> str:
    """Allow our own files and what Stripe documents for Stripe.js and Checkout (in the sandbox: its origin).

    Without a nonce no script or style may stand in the page: one that is kept would be the same for everybody.
    `has_own_frames`: the page shows another one of ours in a frame. `is_framed`: it is that one, without forms.
    `framed_by` is the origin of another site that shows it.

    https://docs.stripe.com/security/guide#content-security-policy
    """
    stripe = _Sources(*(shop.stripe_js_origin,) * 5) if shop.mode is Mode.SANDBOX else STRIPE_SOURCES
    own_frame = "'self' " if has_own_frames else ""
    form_target = "'none'" if is_framed else f"'self' {stripe.form}"
    ancestor = "'self'" if is_framed else framed_by or "'none'"
    own = f"'self' 'nonce-{nonce}'" if nonce else "'self'"
    return (
        f"default-src 'none'; script-src {own} {stripe.script}; style-src {own}; "
        f"img-src 'self' data: {stripe.image}; media-src 'self'; font-src 'self'; "
        f"connect-src 'self' {stripe.connect}; frame-src {own_frame}{stripe.frame}; form-action {form_target}; "
        f"base-uri 'none'; frame-ancestors {ancestor}; manifest-src 'self'"
    )


def let_frame(origin: str) -> None:
    """Let this one site show the answer to this request in a frame, also where it is an error."""
    g.framed_by = origin


def _policy(response: Response, nonce: str) -> str:
    if response.mimetype != "text/html":
        return NO_PAGE
    return content_security_policy(settings(), nonce, framed_by=g.get("framed_by", ""))


def add_headers(response: Response) -> None:
    """Add what every answer has. A view may have set its own policy, frame rule or cache rule before."""
    is_kept = keep_if_open(response)
    if request.endpoint == "static" and (rule := rule_of_static(response)):
        response.headers["Cache-Control"] = rule
    held = set(response.headers.keys(lower=True))  # looked at once: each question to Werkzeug's headers reads all
    own = _own_headers(response, "" if is_kept else g.csp_nonce, held)
    response.headers.extend([*FIXED_HEADERS, *((name, value) for name, value in own if name.lower() not in held)])


def _own_headers(response: Response, nonce: str, held: set[str]) -> Iterator[tuple[str, str]]:
    yield "X-Request-Id", g.request_id
    if "content-security-policy" not in held:
        yield "Content-Security-Policy", _policy(response, nonce)
    if "framed_by" not in g:  # that header knows no other sites
        yield "X-Frame-Options", "DENY"
    if request.endpoint != "static":
        yield "Cache-Control", "no-store"
    shop = settings()
    if not shop.is_live or not _may_be_found(response):
        yield "X-Robots-Tag", "noindex"
    if shop.is_live:
        yield "Strict-Transport-Security", HTTPS_ONLY


def _may_be_found(response: Response) -> bool:
    """Search engines show what says so: open pages and, of what is no page, what everybody may keep."""
    if response.mimetype == "text/html":
        return bool(g.get("is_found"))
    return request.endpoint == "static" or is_public(response)


def keep_redirect_on_this_host(response: Response) -> None:
    """Make Werkzeug's own redirects (`/cart//x`) relative: they would repeat the request's Host header.

    No error handler sees these redirects.
    """
    error = request.routing_exception
    if isinstance(error, RequestRedirect):
        address = urlsplit(error.new_url)
        query = f"?{address.query}" if address.query else ""
        response.headers["Location"] = "/" + address.path.lstrip("/") + query
