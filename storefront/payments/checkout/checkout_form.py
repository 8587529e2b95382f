"""What a browser asks for when it starts paying, and which checkout is of that already."""

from dataclasses import dataclass, replace
from datetime import date

from storefront.core import clock, tokens
from storefront.customers.models import email_key
from storefront.orders.gifts import Wish, find_kept
from storefront.payments.checkout.models import Checkout
from storefront.shop.cart.cart import CartLine
from storefront.shop.catalog.offers import are_of_one_edition
from storefront.shop.catalog.parts import freeze_parts, pick_frozen

ASKED = ("cart", "customer_id", "discount_id", "upgrades_grant_id")  # what makes a checkout the one of a form


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckoutForm:
    """What a browser sent to start paying. "Buy now" has one line, and is not from the cart.

    `ui_mode` is for what begins now: a checkout that is open ends as it began. `customer_id` is who is signed in,
    where the shop saves cards. `discount_id` is what the code of the visit takes off,
    and `first_email` who it is for, where it is for first purchases. `is_framed`: it is paid in a frame on another
    site, by Stripe's form, which leads nowhere.
    `upgrades_grant_id` is of what is upgraded. `gift` makes it one for somebody else.
    `referrer` is where its buyer came from; a checkout that is open keeps what it began with.
    """

    cart: tuple[CartLine, ...]
    ui_mode: str
    nonce: str
    is_from_cart: bool
    customer_id: int | None = None
    discount_id: int | None = None
    first_email: str = ""
    is_framed: bool = False
    upgrades_grant_id: int | None = None
    gift: Wish | None = None
    referrer: str = ""

    def own_nonce(self, browser: str) -> str:
        """In another browser it is another nonce: nobody can take a checkout over, or stand in its way."""
        kind = "cart" if self.is_from_cart else "now"
        return tokens.hash_token(f"{kind}:{browser}:{self.nonce}")


def price_id_of(form: CheckoutForm | Checkout) -> int | None:
    """Return the price for the form that is sent again: "Buy now" names its price, a cart is in the cookie."""
    return None if form.is_from_cart else form.cart[0].price_id


def is_gift(begun: CheckoutForm | Checkout) -> bool:
    return (begun.gift_id if isinstance(begun, Checkout) else begun.gift) is not None


def is_of(checkout: Checkout, form: CheckoutForm) -> bool:
    """Tell whether a checkout sells what this form asks for, to the same person and for the same."""
    if form.first_email and checkout.checkout_session_id is not None:
        return False  # a Session keeps the address that it was made with, and we do not know it
    return is_same_sale(checkout, form) and all(getattr(checkout, name) == getattr(form, name) for name in ASKED)


def is_same_sale(checkout: Checkout, form: CheckoutForm) -> bool:
    """Tell whether it is the same for the same receiver, whatever it costs by now and whoever is signed in."""
    sold = (checkout.cart, checkout.upgrades_grant_id)
    return sold == (form.cart, form.upgrades_grant_id) and _is_same_gift(checkout, form)


def is_other_gift(checkout: Checkout, form: CheckoutForm) -> bool:
    """Tell whether both are gifts, and their words, receivers or days differ."""
    are_gifts = checkout.gift_id is not None and form.gift is not None
    return are_gifts and not _is_same_gift(checkout, form)


def _is_same_gift(checkout: Checkout, form: CheckoutForm) -> bool:
    today = clock.now().date()
    return _due(_find_wish(checkout), today) == _due(form.gift, today)


def _find_wish(checkout: Checkout) -> Wish | None:
    kept = find_kept(checkout.gift_id)
    return kept[1] if kept is not None else None


def _due(wish: Wish | None, today: date) -> Wish | None:
    """A day that has passed means at once, as an empty one does in a form that is sent again after midnight."""
    return replace(wish, send_on=max(wish.send_on, today)) if wish is not None else None


def is_in_its_place(checkout: Checkout, form: CheckoutForm) -> bool:
    """Tell whether a checkout goes on as this form's: a browser has one cart, and a license is upgraded once.

    Of what is bought at once it has one of each edition for itself, and one as a gift: another quantity, price,
    receiver or message corrects what was typed before. Another edition is a purchase of its own, so that a tab
    which is open shows what it began.
    """
    if checkout.is_from_cart or form.is_from_cart:
        return checkout.is_from_cart == form.is_from_cart
    if checkout.upgrades_grant_id is not None or form.upgrades_grant_id is not None:
        return checkout.upgrades_grant_id == form.upgrades_grant_id
    if (checkout.gift_id is None) != (form.gift is None):
        return False
    return _are_of_one_edition(checkout, form)


def is_settled(paid: Checkout, form: CheckoutForm) -> bool:
    """Tell whether what was paid in a form's place, on a page that nobody saw, is what this one asks for.

    Something else than what was bought at once is bought beside it: for another receiver, or another quantity.
    The same at another price, or in another currency, is what was paid. So is a gift whose message, name or day is
    another one: it is corrected on its order's page, and not paid twice.
    """
    if form.is_from_cart or form.upgrades_grant_id is not None:
        return True
    is_as_many = [line.quantity for line in paid.cart] == [line.quantity for line in form.cart]
    has_same_receiver = _receiver(_find_wish(paid)) == _receiver(form.gift)
    return is_as_many and has_same_receiver and _are_of_one_edition(paid, form)


def _receiver(wish: Wish | None) -> str | None:
    return email_key(wish.email) if wish is not None else None


def _are_of_one_edition(checkout: Checkout, form: CheckoutForm) -> bool:
    return are_of_one_edition(line.price_id for line in (*checkout.cart, *form.cart))


def sells_the_same(checkout: Checkout) -> bool:
    """Return whether the bundles of a checkout still include what its Session says."""
    if checkout.body is None:
        return True
    price_ids = [line.price_id for line in checkout.cart]
    return pick_frozen(checkout.body["metadata"], price_ids) == freeze_parts(price_ids)
