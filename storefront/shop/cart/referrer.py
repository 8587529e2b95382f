"""Where the visitor of this request came from, as a name (`core/referrers.py`).

Open pages are the same for everybody and set no cookie, so a script of theirs (static/referrer.js) hands the name
from page to page in the links, and to the form that buys. From then on the cookie has it, as long as a cart.
"""

from flask import request, session

from storefront.core.referrers import NAMED_BY, clean_name, host_of, name_in
from storefront.core.runtime import settings
from storefront.shop.cart.cart import CART_KEY, REFERRER_KEY
from storefront.shop.profile.referrers import may_keep_referrers
from storefront.web.hosts import name_of, trusted_names

FIELD = "ref"
PAYS = ("stripe.com", "link.com")  # who comes back from paying does not come from there


def _read_sent() -> str:
    """Return what a form says, or the address of its page. Empty: it says nothing, or the owner wants none."""
    named = from_elsewhere(request.form.get(FIELD, "")) or from_elsewhere(name_in(request.referrer or ""))
    return _if_wanted(named)


def read_arrived(site: str = "") -> str:
    """Return where the visitor of this page, which is made for each anew, comes from.

    What its link calls itself, or the page before; `site` is the address of the one that shows it in a frame.
    """
    named = (clean_name(request.args.get(word, "")) for word in NAMED_BY)
    before = host_of(site or request.referrer or "")
    return _if_wanted(next(filter(None, map(from_elsewhere, (*named, before))), ""))


def keep_referrer() -> None:
    """Keep with the cart what its first form with a name said: later ones change nothing."""
    name = _read_sent()
    if name and CART_KEY in session:
        session.setdefault(REFERRER_KEY, name)


def read_referrer(*, is_from_cart: bool) -> str:
    """Return where a buyer came from: what began the cart, or what the page of the one thing says."""
    sent = "" if is_from_cart else _read_sent()
    return sent or _read_kept()


def _read_kept() -> str:
    return _if_wanted(str(session.get(REFERRER_KEY, "")))


def _if_wanted(name: str) -> str:
    """Return the name, if the owner keeps any: who brings none costs no look at the profile."""
    return name if name and may_keep_referrers() else ""


def from_elsewhere(text: str) -> str:
    """Return the name; empty for the shop itself and for where it lets people pay."""
    name = clean_name(text)
    own = map(clean_name, (*trusted_names(settings()), name_of(request.host)))
    is_paying = any(name == host or name.endswith(f".{host}") for host in PAYS)
    return "" if name in own or is_paying else name
