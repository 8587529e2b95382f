"""Forms of open pages, which have no token: they are taken from the shop's own pages alone.

A form of another site comes without our cookie (SameSite=Lax), so it would look like a browser's first one. That
is why what the browser says of where the form stands is asked for in every case, cookie or not.
"""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar
from urllib.parse import urlsplit

from flask import request
from flask_wtf.csrf import CSRFError

from storefront.core.runtime import settings
from storefront.core.texts import marked
from storefront.web.csrf import csrf

P = ParamSpec("P")
T = TypeVar("T")
FIELD = "csrf_token"


def takes_first_form(view: Callable[P, T]) -> Callable[P, T]:
    """Take a form with a token as everywhere, and one without from a page of the shop.

    It stands above a limit: what is refused here must not use up what a visitor may do, and all else counts.

    Raises:
        CSRFError: the token is wrong, or the form stands elsewhere, or the browser does not say where.
    """

    @wraps(view)
    def checked(*args: P.args, **kwargs: P.kwargs) -> T:
        if FIELD in request.form:
            csrf.protect()
        elif not is_from_here():
            raise CSRFError(marked("The form is not on a page of this shop."))
        return view(*args, **kwargs)

    return csrf.exempt(checked)  # type: ignore[no-any-return] # it returns what it is given


def is_from_here() -> bool:
    """Tell whether the browser says that a page of the shop sent this.

    By Sec-Fetch-Site, or else Origin, or else Referer: no script of a page can set any of them.
    https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("Origin") or _origin_of(request.referrer or "")
    return origin in (settings().base_url, request.host_url.rstrip("/"))


def _origin_of(address: str) -> str:
    """Return the origin; nothing for what is no address."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}"
