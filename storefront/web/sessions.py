"""The session cookie: its name and flags, and Flask's session interface without its cost where no cookie came."""

from typing import Any

from flask import Flask, Request, Response, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from itsdangerous import BadSignature, SignatureExpired, TimestampSigner, URLSafeTimedSerializer

from storefront.core.config.settings import Settings

COOKIE = "storefront_session"
SECURE_COOKIE = f"__Host-{COOKIE}"
KEPT_OF_OLD_COOKIE = ("cart",)
LIFETIME_SECONDS = 60 * 60 * 24 * 30


class _PatientSigner(TimestampSigner):
    """Takes what a host signed whose clock is ahead: refused, a buyer between two hosts would lose the cart."""

    def unsign(self, signed_value: str | bytes, max_age: int | None = None, return_timestamp: bool = False) -> Any:  # noqa: ANN401 - with the moment or without it
        value, signed_at = super().unsign(signed_value, return_timestamp=True)
        if max_age is not None and self.get_timestamp() - signed_at.timestamp() > max_age:
            raise SignatureExpired("too old", payload=value, date_signed=signed_at)
        return (value, signed_at) if return_timestamp else value


class Sessions(SecureCookieSessionInterface):
    """Makes a serializer only where there is a cookie to read. Flask's own makes one for every request."""

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        serializer = super().get_signing_serializer(app)
        if serializer is not None:
            serializer.signer = _PatientSigner
        return serializer

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        if "HTTP_COOKIE" not in request.environ:
            return self.session_class()
        if self.get_cookie_name(app) not in request.cookies:
            return self._read_old_cookie(app, request)
        return super().open_session(app, request)

    def _read_old_cookie(self, app: Flask, request: Request) -> SecureCookieSession:
        """Take only the cart from a cookie older than `__Host-`: another host of the domain may have set it."""
        fresh: SecureCookieSession = self.session_class()
        serializer = self.get_signing_serializer(app)
        if COOKIE not in request.cookies or serializer is None:
            return fresh
        seconds = int(app.permanent_session_lifetime.total_seconds())
        try:
            old = serializer.loads(request.cookies[COOKIE], max_age=seconds)
        except BadSignature:
            return fresh
        for name in KEPT_OF_OLD_COOKIE:
            if name in old:
                fresh[name] = old[name]
        return fresh

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        if session.accessed or session.modified:
            super().save_session(app, session, response)
        if self.get_cookie_name(app) != COOKIE and COOKIE in request.cookies:
            response.delete_cookie(COOKIE, secure=True, httponly=True, samesite="Lax")


def set_up_sessions(app: Flask, shop: Settings) -> None:
    app.config.update(
        SECRET_KEY=shop.secret_key,
        SECRET_KEY_FALLBACKS=list(shop.old_secret_keys),
        # Cookies ignore ports: shop, sandbox and mailbox share 127.0.0.1.
        # Over https a name that no other host of the domain can set (RFC 6265bis, __Host-).
        SESSION_COOKIE_NAME=SECURE_COOKIE if shop.is_https else COOKIE,
        SESSION_COOKIE_SAMESITE="Lax",  # 3-D Secure comes back from another site
        SESSION_COOKIE_HTTPONLY=True,
        # An answer that changed nothing sends no cookie: a page polling in another tab would undo the cart.
        SESSION_REFRESH_EACH_REQUEST=False,
        SESSION_COOKIE_SECURE=shop.is_https,
        PERMANENT_SESSION_LIFETIME=LIFETIME_SECONDS,
    )
    app.session_interface = Sessions()
