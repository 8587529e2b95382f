"""Pages that are drawn once for each state of the shop, and shown to everybody with their own tokens in them."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from threading import Lock
from typing import NamedTuple, ParamSpec

from flask import g, request, session
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import generate_csrf

from storefront.core import clock, tokens
from storefront.core.languages import Language, current_language
from storefront.core.page_addresses import prefix_now
from storefront.core.page_state import Mark, read_mark
from storefront.core.runtime import Part
from storefront.shop.cart.cart import CART_KEY, NONCE_KEY, REFERRER_KEY, count, load_cart
from storefront.web.open_pages import changes_at, is_open_to_all

P = ParamSpec("P")
View = Callable[P, ResponseReturnValue]

MOST_PAGES = 200  # in each process, of some 10 kB; the one that was asked for least lately goes
MOST_IN_CART = 9  # beyond, nobody would see the page again
# What a session may hold that no such page shows, besides the number of things in the cart. The last three are
# Flask-WTF's, Flask's and that of `customers/browser_session.py` for a browser that has asked to sign in.
SHOWN_NOWHERE = {CART_KEY, NONCE_KEY, REFERRER_KEY, "csrf_token", "_permanent", "reader"}


@dataclass(frozen=True, slots=True)
class _Visitor:
    """What a page says of who looks at it. A browser without a session has an empty form's token."""

    has_session: bool
    in_cart: int


Address = tuple[str, str, Language, _Visitor]


@dataclass(frozen=True, slots=True, kw_only=True)
class _KeptPage:
    """`text` has places for a visitor's own tokens. It holds from `drawn_at` until `until`, while `mark` does."""

    mark: Mark
    text: str
    places: tuple[str, ...]
    is_open: bool
    is_found: bool
    drawn_at: datetime
    until: datetime | None

    def holds(self, mark: Mark, now: datetime) -> bool:
        return self.mark == mark and self.drawn_at <= now and (self.until is None or now < self.until)


KEPT: Part[dict[Address, _KeptPage]] = Part("kept pages", dict)
LOCK = Lock()


def page_nonce() -> str:
    """Return the nonce of this one page: a double click on its "Buy now" is one checkout."""
    if "page_nonce" not in g:
        g.page_nonce = tokens.new_token()
    nonce: str = g.page_nonce
    return nonce


class _Token(NamedTuple):
    """One that a page may hold: `name` is where a page that was drawn has left it in `g`."""

    name: str
    make: Callable[[], str]


# By the place that they have in a kept page, which nobody can guess and write into a text.
TOKENS = {
    secrets.token_hex(24): _Token("csrf_token", generate_csrf),
    secrets.token_hex(24): _Token("page_nonce", page_nonce),
    secrets.token_hex(24): _Token("csp_nonce", lambda: str(g.csp_nonce)),
}


def drawn_once(view: View[P]) -> View[P]:
    """Mark a view that reads nothing but what `page_state` watches, the settings, and its visitor's session.

    An address with a query may be anything. A visitor with a code, a notice or a sign-in has a page of their own.
    """

    @wraps(view)
    def answer(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        address = _address()
        mark = read_mark() if address else None
        if address is None or mark is None:
            return view(*args, **kwargs)
        now = clock.now()
        kept = KEPT.get().get(address)
        if kept is not None and kept.holds(mark, now):
            _keep(address, kept)
            return _show(kept)
        page = view(*args, **kwargs)
        # A database that failed meanwhile left the profile of before, or none.
        if isinstance(page, str) and address == _address() and "outage" not in g:
            _keep(address, _kept_page(page, mark, now))
        return page

    return answer


def _address() -> Address | None:
    """Return what tells this page from others; None for one that is its visitor's alone."""
    if request.query_string or not session.keys() <= SHOWN_NOWHERE:
        return None
    visitor = _Visitor(bool(session), count(load_cart(session)))
    if visitor.in_cart > MOST_IN_CART:
        return None
    return request.path, prefix_now(), current_language(), visitor


def _kept_page(page: str, mark: Mark, now: datetime) -> _KeptPage:
    places = []
    for place, (name, _make) in TOKENS.items():
        token = g.get(name)
        if token and token in page:
            page = page.replace(token, place)
            places.append(place)
    return _KeptPage(
        mark=mark,
        text=page,
        places=tuple(places),
        is_open="is_open_page" in g,
        is_found=bool(g.get("is_found")),
        drawn_at=now,
        until=g.get("page_changes_at"),
    )


def _show(kept: _KeptPage) -> str:
    if kept.is_open:
        is_open_to_all(is_found=kept.is_found)
    if kept.until is not None:
        changes_at(kept.until)
    text = kept.text
    for place in kept.places:
        text = text.replace(place, TOKENS[place].make())
    return text


def _keep(address: Address, page: _KeptPage) -> None:
    """Put it behind all others."""
    pages = KEPT.get()
    with LOCK:
        pages.pop(address, None)
        if len(pages) >= MOST_PAGES:
            del pages[next(iter(pages))]
        pages[address] = page
