"""The cookie of /admin: a random token, whose row says who that is. Pages outside /admin never read it."""

from flask import Response, request, session

from storefront.core import tokens
from storefront.core.runtime import settings
from storefront.owner.people.sessions import LONGEST

NAME = "storefront_admin"
OLD_PATH = "/admin"


def cookie_name() -> str:
    """Over https a name that only this host can set, over https (RFC 6265bis); browsers want `Path=/` with it."""
    return f"__Host-{NAME}" if settings().is_https else NAME


def token_here() -> str:
    """This browser's; empty for none."""
    token = request.cookies.get(cookie_name(), "")
    return token if tokens.is_token(token) else ""


def keep_token(response: Response, token: str) -> None:
    response.set_cookie(
        cookie_name(),
        token,
        max_age=int(LONGEST.total_seconds()),
        httponly=True,
        secure=settings().is_https,
        samesite="Lax",  # a link in an email opens its page
    )
    session.permanent = True  # it has the token of forms, and a restarted browser shows their pages again
    _drop_old(response)


def drop_token(response: Response) -> None:
    response.delete_cookie(cookie_name(), httponly=True, secure=settings().is_https, samesite="Lax")
    _drop_old(response)


def _drop_old(response: Response) -> None:
    """Drop the cookie of before, for /admin only: over http it has the same name, and would be read first."""
    is_https = settings().is_https
    name = f"__Secure-{NAME}" if is_https else NAME
    response.delete_cookie(name, path=OLD_PATH, httponly=True, secure=is_https, samesite="Lax")
