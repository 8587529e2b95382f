"""A checkout that begins in a frame: of one link, for one key, by Stripe's form that leads nowhere."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from storefront.core.errors import StripeUnavailable
from storefront.core.texts import marked
from storefront.payments.buy.link import Wanted, check_is_payable, read_asked, read_link
from storefront.payments.checkout import start
from storefront.payments.checkout.buy_now import as_offered
from storefront.payments.checkout.checkout_form import CheckoutForm
from storefront.payments.checkout.rows import find_by_nonce, find_started
from storefront.payments.checkout.start import OpenCheckout
from storefront.payments.checkout.state import State, read_state
from storefront.payments.checkout.ui import EMBEDDED, HOSTED, choose_ui_mode
from storefront.shop.cart.cart import CartLine
from storefront.shop.catalog.offers import Offer
from storefront.shop.discounts.visit import Applied, Offered, apply_to, find_price_trouble, offer_code


@dataclass(frozen=True, slots=True, kw_only=True)
class Framed:
    """What the frame sells, and what its code does. `notes` are read before anything goes on."""

    wanted: Wanted
    applied: Applied
    notes: tuple[str, ...]
    is_whole: bool = False  # whatever code or promotion there is

    @property
    def offer(self) -> Offer:
        return self.wanted.offer

    @property
    def is_hosted(self) -> bool:
        """Stripe's own page is in no frame: the whole window goes there."""
        return choose_ui_mode([self.offer]) == HOSTED

    def at_whole_price(self, why: str) -> "Framed":
        """Nothing comes off, and the buyer reads why before anything goes on."""
        return replace(self, applied=Applied(), notes=(*self.wanted.notes, why), is_whole=True)


def read_framed(slug: str, args: Mapping[str, str]) -> Framed:
    """Read a link. What a visitor has in the shop counts for nothing.

    Raises as `read_link` does.
    """
    return _priced(read_link(slug, read_asked(args)), offer_code(args.get("code", "")))


def read_sent(slug: str, args: Mapping[str, str], form: Mapping[str, str]) -> tuple[Framed, str]:
    """Read a link whose page was sent: with what the price there came from, or why it is another one by now.

    Raises as `read_link` does.
    """
    wanted = read_link(slug, read_asked(args))
    offered = Offered() if form.get("whole") else offer_code(form.get("code", ""))
    return _priced(wanted, offered), find_price_trouble(offered, form.get("promotion", ""))


def _priced(wanted: Wanted, offered: Offered) -> Framed:
    offer = wanted.offer
    applied = apply_to(offered, as_offered(offer, wanted.quantity), offer.currency)
    notes = (*wanted.notes, applied.notice) if applied.notice else wanted.notes
    framed = Framed(wanted=wanted, applied=applied, notes=notes)
    if applied.is_first_purchase:
        why = marked(
            "%(code)s is for a first purchase. Open the checkout in a tab of its own to use it.", code=applied.code
        )
        framed = framed.at_whole_price(why)
    check_is_payable(wanted, framed.applied)
    return framed


def browser_of(key: str) -> str:
    """Return whose a checkout is that has this key: no browser's, so no cookie ever opens it."""
    return f"frame:{key}"


def open_framed(framed: Framed, key: str, *, referrer: str = "") -> OpenCheckout | str:
    """Return the open checkout of this key, or the token of one that is paid, or being paid.

    Raises:
        StripeUnavailable, StripeRefused: nothing is lost, the same call may be repeated.
        DiscountRefused: the code cannot be had.
    """
    form = CheckoutForm(
        cart=(CartLine(price_id=framed.offer.price_id, quantity=framed.wanted.quantity),),
        ui_mode=EMBEDDED,
        nonce=key,
        is_from_cart=False,
        discount_id=framed.applied.discount_id,
        is_framed=True,
        referrer=referrer,
    )
    browser = browser_of(key)
    begun = find_by_nonce(form.own_nonce(browser), browser=browser)
    if begun is not None and read_state(begun) is State.PAID:
        return begun.token
    token = start.open_checkout(form, browser=browser)
    if isinstance(token, start.PaidMeanwhile):
        return _paid_token(token.session_id, browser)
    return start.ensure_session(token)


def _paid_token(session_id: str, browser: str) -> str:
    """Return the token of the key's checkout that has become this Session, whichever of its forms began it."""
    started = find_started(session_id)
    if started is None or not started.is_started_by(browser):
        raise StripeUnavailable  # another form has replaced it since
    return started.token
