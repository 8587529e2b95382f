"""What every answer has: request id, security headers, CSRF, limits, error pages or JSON."""

import base64
import hashlib
import logging
import math
import secrets
import time
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import (
    Flask,
    Request,
    Response,
    current_app,
    g,
    jsonify,
    make_response,
    render_template,
    request,
)
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from flask.typing import ResponseReturnValue
from flask_limiter import Limiter
from flask_wtf.csrf import CSRFError, CSRFProtect
from itsdangerous import BadSignature
from werkzeug.exceptions import HTTPException, TooManyRequests
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import RequestRedirect

from storefront.core import clock, counters, logs
from storefront.core.config.settings import Mode, Settings
from storefront.core.errors import StorefrontError
from storefront.core.measurements import UNTRUSTED_PROXY_AT, measurements
from storefront.core.measurements import flush as flush_measurements
from storefront.core.runtime import settings
from storefront.web.bodies import set_up_bodies, take_body
from storefront.web.clients import client_of
from storefront.web.hosts import check_host
from storefront.web.programs import PlainPaths, is_for_programs

log = logging.getLogger(__name__)


def client() -> str:
    """Who asks, as every limit counts them."""
    return client_of(request.remote_addr or "")


csrf = CSRFProtect()
limiter = Limiter(key_func=client)

COOKIE = "storefront_session"
SECURE_COOKIE = f"__Host-{COOKIE}"
KEPT_OF_OLD_COOKIE = ("cart",)
FIXED_HEADERS = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), microphone=(), geolocation=(), browsing-topics=()"),
    ("Cross-Origin-Opener-Policy", "same-origin-allow-popups"),
)
NO_PAGE = "default-src 'none'; frame-ancestors 'none'"  # of JSON, files and the like
ERROR_TITLES = {
    400: ("bad_request", "That request makes no sense to us"),
    403: ("forbidden", "Not available here"),
    404: ("not_found", "Page not found"),
    405: ("method_not_allowed", "That is not how this page works"),
    413: ("too_large", "Too large"),
    429: ("too_many_requests", "Please wait a moment"),
    500: ("internal_error", "Something broke on our side"),
}


def wants_json() -> bool:
    if is_for_programs(request.path) or request.path.startswith("/.well-known/"):
        return True
    best = request.accept_mimetypes.best_match(["text/html", "application/json"], default="text/html")
    return best == "application/json"


def content_security_policy(shop: Settings, nonce: str) -> str:
    """Ours only, plus what Stripe documents for Stripe.js and Checkout; in the sandbox its origin instead.

    https://docs.stripe.com/security/guide#content-security-policy
    """
    if shop.mode is Mode.SANDBOX:
        origin = shop.stripe_js_origin
        script, frame, connect, image, form = origin, origin, origin, origin, origin
    else:
        script = "https://js.stripe.com https://*.js.stripe.com https://checkout.stripe.com"
        frame = f"{script} https://hooks.stripe.com https://link.com https://*.link.com"
        connect = "https://api.stripe.com https://checkout.stripe.com https://link.com https://*.link.com"
        image = "https://*.stripe.com https://*.link.com"
        form = "https://checkout.stripe.com"
    return (
        f"default-src 'none'; script-src 'self' 'nonce-{nonce}' {script}; style-src 'self' 'nonce-{nonce}'; "
        f"img-src 'self' data: {image}; font-src 'self'; connect-src 'self' {connect}; frame-src {frame}; "
        f"form-action 'self' {form}; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'"
    )


def _start_request() -> None:
    incoming = request.headers.get("X-Request-Id", "")
    usable = incoming.isascii() and incoming.replace("-", "").isalnum() and len(incoming) <= 64
    drawn = secrets.token_bytes(24)  # once: each call to the system hands the interpreter to another thread
    g.request_id = incoming if usable else drawn[:8].hex()
    g.csp_nonce = base64.urlsafe_b64encode(drawn[8:]).rstrip(b"=").decode()
    g.started = time.perf_counter()
    logs.request_id.set(g.request_id)


def _finish_request(response: Response) -> Response:
    shop = settings()
    if not shop.trusted_proxies and "HTTP_X_FORWARDED_FOR" in request.environ:
        measurements().see(UNTRUSTED_PROXY_AT)
    measurements().answer(has_failed=response.status_code >= 500)
    if "outage" not in g:  # a database in trouble would keep this answer, too
        flush_measurements()
    headers = response.headers
    if isinstance(request.routing_exception, RequestRedirect):  # of `/cart//x`; no error handler sees these
        moved = urlsplit(request.routing_exception.new_url)
        headers["Location"] = "/" + moved.path.lstrip("/") + (f"?{moved.query}" if moved.query else "")
    headers["X-Request-Id"] = g.request_id
    headers.extend(FIXED_HEADERS)
    if response.mimetype == "text/html":
        headers.setdefault("Content-Security-Policy", content_security_policy(shop, g.csp_nonce))
    else:
        headers.setdefault("Content-Security-Policy", NO_PAGE)
    headers.setdefault("X-Frame-Options", "DENY")
    if request.endpoint != "static":
        headers.setdefault("Cache-Control", "no-store")
    elif "v" in request.args:
        headers["Cache-Control"] = "public, max-age=31536000, immutable"
    if shop.is_live:
        headers["Strict-Transport-Security"] = "max-age=31536000"
    # The endpoint, not the path: paths carry tokens.
    log.info(
        "request answered",
        extra={
            "method": request.method,
            "endpoint": request.endpoint or "-",
            "status": response.status_code,
            "duration_ms": round((time.perf_counter() - g.started) * 1000),
        },
    )
    return response


def error_answer(
    *, status: int, code: str, title: str, message: str, retry_after: int | None = None, may_repeat: bool = False
) -> Response:
    """The one place that makes a refusal a page or JSON: `{"error": {"code", "message", "request_id"}}`.

    With `may_repeat` the page asks to try the same address again.
    An API whose programs know another form puts its own into `app.extensions["error_bodies"]`, by its prefix.
    """
    if wants_json():
        response = jsonify(_error_body(status, code, message))
    else:
        page = render_template(
            "web/error.html", status=status, title=title, message=message, may_repeat=may_repeat
        )
        response = make_response(page)
    response.status_code = status
    if retry_after:
        response.headers["Retry-After"] = str(retry_after)
    return response


def _error_body(status: int, code: str, message: str) -> dict[str, Any]:
    for prefix, make_body in current_app.extensions.get("error_bodies", {}).items():
        if request.path.startswith(prefix):
            body: dict[str, Any] = make_body(status, message)
            return body
    return {"error": {"code": code, "message": message, "request_id": g.get("request_id", "-")}}


def _answer_refusal(error: StorefrontError) -> ResponseReturnValue:
    log.info("request refused", extra={"code": error.code, "endpoint": request.endpoint or "-"})
    return error_answer(
        status=error.status,
        code=error.code,
        title=error.title,
        message=error.message,
        retry_after=error.retry_after_seconds,
    )


def _answer_too_many(_error: TooManyRequests) -> ResponseReturnValue:
    code, title = ERROR_TITLES[429]
    message = (
        "You did this many times in a short while. "
        "Nothing is lost and your cart is as it was: try again in a minute."
    )
    # Set here and not by the limiter's own headers: those would overwrite Retry-After on every limited page.
    limit = limiter.current_limit
    wait = max(1, math.ceil(limit.reset_at - clock.now().timestamp())) if limit else 60
    return error_answer(status=429, code=code, title=title, message=message, retry_after=wait)


def _answer_http(error: HTTPException) -> ResponseReturnValue:
    if error.code is None or error.code < 400:
        return error.get_response()
    status = error.code
    code, title = ERROR_TITLES.get(status, ("error", HTTPStatus(status).phrase))
    if isinstance(error, CSRFError):
        code, title = "csrf", "This form is too old"
        message = "Go back, reload the page and send the form again."
    elif status == 500:
        message = f"It is not your fault. If it stays, tell the shop this number: {g.get('request_id', '-')}"
    elif status == 404:
        message = "There is nothing at this address. It may have moved, or the link is not complete."
    else:
        message = error.description or title
    answer = error_answer(status=status, code=code, title=title, message=message)
    for name, value in error.get_headers():
        if name in ("Allow", "Content-Range"):  # of 405 and 416
            answer.headers[name] = value
    return answer


class Shop(Flask):
    """Flask's own words for a failed request hold its path, and paths carry tokens."""

    def log_exception(self, exc_info: Any) -> None:  # noqa: ANN401 - Flask's signature
        log.error("request failed", exc_info=exc_info, extra={"endpoint": request.endpoint or "-"})


class Sessions(SecureCookieSessionInterface):
    """Flask's own, which makes a serializer for every request: here only where there is a cookie to read."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        if "HTTP_COOKIE" not in request.environ:
            return self.session_class()
        if self.get_cookie_name(app) not in request.cookies:
            return self._take_over(app, request)
        return super().open_session(app, request)

    def _take_over(self, app: Flask, request: Request) -> SecureCookieSession:
        """Of a cookie from before `__Host-` only the cart: another host of the domain may have set it."""
        fresh: SecureCookieSession = self.session_class()
        serializer = self.get_signing_serializer(app)
        if COOKIE not in request.cookies or serializer is None:
            return fresh
        seconds = int(app.permanent_session_lifetime.total_seconds())
        try:
            kept = serializer.loads(request.cookies[COOKIE], max_age=seconds)
        except BadSignature:
            return fresh
        for name in KEPT_OF_OLD_COOKIE:
            if name in kept:
                fresh[name] = kept[name]
        return fresh

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        if session.accessed or session.modified:
            super().save_session(app, session, response)
        if self.get_cookie_name(app) != COOKIE and COOKIE in request.cookies:
            response.delete_cookie(COOKIE, secure=True, httponly=True, samesite="Lax")


def set_up_limits(app: Flask) -> None:
    """Only marked views are limited, and each checks itself: the extension's hooks around every request have
    nothing to do and would cost each page a tenth of its time. It leaves them out where it finds itself.
    """
    app.extensions.setdefault("limiter", set()).add(limiter)
    limiter.init_app(app)


def version_static_files(app: Flask) -> None:
    """`?v=` from the file's content: browsers keep it for a year, and a changed file has a new address."""
    versions: dict[str, str] = {}

    @app.url_defaults
    def add_version(endpoint: str, values: dict[str, Any]) -> None:
        filename = values.get("filename")
        if endpoint != "static" or not filename:
            return
        if filename not in versions:
            path = Path(app.static_folder or "") / filename
            versions[filename] = hashlib.sha256(path.read_bytes()).hexdigest()[:12] if path.is_file() else ""
        if versions[filename]:
            values["v"] = versions[filename]

    @cache
    def static_address(filename: str) -> str:
        return app.url_for("static", filename=filename)

    def url_for(endpoint: str, **values: Any) -> str:  # noqa: ANN401 - as in Flask
        """Every page names the same few files: their addresses are built once."""
        if endpoint == "static" and values.keys() == {"filename"}:
            return static_address(values["filename"])
        return app.url_for(endpoint, **values)

    app.jinja_env.globals["url_for"] = url_for


def set_up_web(app: Flask, shop: Settings) -> None:
    app.config.update(
        SECRET_KEY=shop.secret_key,
        # Cookies ignore ports: shop, sandbox and mailbox share 127.0.0.1.
        # Over https a name that no other host of the domain can set (RFC 6265bis, __Host-).
        SESSION_COOKIE_NAME=SECURE_COOKIE if shop.is_https else COOKIE,
        SESSION_COOKIE_SAMESITE="Lax",  # 3-D Secure comes back from another site
        SESSION_COOKIE_HTTPONLY=True,
        # An answer that changed nothing sends no cookie: a page polling in another tab would undo the cart.
        SESSION_REFRESH_EACH_REQUEST=False,
        SESSION_COOKIE_SECURE=shop.is_https,
        PERMANENT_SESSION_LIFETIME=60 * 60 * 24 * 30,
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=True,
        RATELIMIT_STORAGE_URI=counters.URI if shop.limits_url == "memory://" else shop.limits_url,
        RATELIMIT_STORAGE_OPTIONS={"wrap_exceptions": True},
        RATELIMIT_IN_MEMORY_FALLBACK_ENABLED=True,  # a lost Redis must not stop the selling
    )
    if shop.trusted_proxies:
        hops = shop.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops, x_prefix=0)  # type: ignore[method-assign] # Flask's documented way
    app.wsgi_app = PlainPaths(app.wsgi_app)  # type: ignore[method-assign] # as above
    version_static_files(app)
    csrf.init_app(app)
    set_up_limits(app)
    app.session_interface = Sessions()
    set_up_bodies(app)
    # Before the check of forms, which parses them.
    app.before_request_funcs.setdefault(None, [])[:0] = [_start_request, check_host, take_body]
    app.after_request(_finish_request)
    app.register_error_handler(StorefrontError, _answer_refusal)
    app.register_error_handler(TooManyRequests, _answer_too_many)
    app.register_error_handler(HTTPException, _answer_http)
