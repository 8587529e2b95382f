"""Pages of browsers without a cookie of ours: rendered once for each state of what they show."""

from collections.abc import Callable
from threading import Lock

from flask import g, request, session

from storefront.core.languages import Language, current_language
from storefront.core.page_addresses import prefix_now
from storefront.core.runtime import Part
from storefront.shop.profile.read import Profile, read_profile

MOST_PAGES = 64  # in each process, of some 20 kB
Address = tuple[str, str, Language]
State = tuple[object, Profile]
KEPT: Part[dict[Address, tuple[State, str]]] = Part("kept pages", dict)
LOCK = Lock()


def render_once(shown: object, render: Callable[[], str]) -> str:
    """Return the page of this request, and the one that is kept where it showed the same.

    `shown` is all that the page has of the database, besides the profile: what it equals is what the page says. A
    visitor with a session gets a page of their own, and so does an address with a query, which may be anything.
    Nothing on a kept page is one visitor's: should a nonce or a form's token ever be, it is not kept.
    """
    if session or request.query_string:
        return render()
    address, state = (request.path, prefix_now(), current_language()), (shown, read_profile())
    kept = KEPT.get().get(address)
    if kept and kept[0] == state:
        return kept[1]
    page = render()
    if not session and g.csp_nonce not in page:
        _keep(KEPT.get(), address, (state, page))
    return page


def _keep(pages: dict[Address, tuple[State, str]], address: Address, kept: tuple[State, str]) -> None:
    with LOCK:
        pages.pop(address, None)
        if len(pages) >= MOST_PAGES:
            del pages[next(iter(pages))]
        pages[address] = kept
