"""What Stripe refused of a checkout is made anew or left out of the next try: the sale goes on."""

import logging
from dataclasses import dataclass, replace

from storefront.core import tokens
from storefront.core.errors import StripeAsksNobody, StripeMissing, StripeRefused, StripeWantsTerms
from storefront.customers.at_stripe import forget_lost
from storefront.payments.checkout import beside, face, news_box, terms_box
from storefront.payments.checkout.discounted import is_about_discount, let_go_refused
from storefront.payments.checkout.rows import get_checkout, start_next_attempt
from storefront.payments.checkout.session_body import Boxes
from storefront.shop.catalog import mirrors

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """What is sent of that which a sale can do without; `remake` makes the keys of new prices other keys."""

    boxes: Boxes
    has_beside: bool = True
    remake: str = ""


def first_try() -> Try:
    return Try(boxes=Boxes(terms=terms_box.BOX.may_be_shown(), news=news_box.BOX.may_be_shown()))


def after_refusal(token: str, tried: Try, error: StripeRefused) -> Try:
    """Return what to try next.

    Raises:
        StripeRefused: the refusal itself, where nothing is left to leave out or to make anew.
        DiscountRefused: it was the discount.
    """
    if isinstance(error, StripeWantsTerms | StripeAsksNobody):
        return replace(tried, boxes=_without_refused(tried.boxes, error))
    _let_go_discount(token, error)
    if isinstance(error, StripeMissing) and (not tried.remake or error.param == "customer"):
        return replace(tried, remake=_forget_lost(token, error) or tried.remake)
    return _without_extras(token, tried, error)


def _without_refused(boxes: Boxes, error: StripeWantsTerms | StripeAsksNobody) -> Boxes:
    if isinstance(error, StripeWantsTerms):
        terms_box.tell_refused()
        return replace(boxes, terms=False)
    news_box.tell_refused()
    return replace(boxes, news=False)


def _let_go_discount(token: str, error: StripeRefused) -> None:
    """Raises DiscountRefused: it was the discount that Stripe does not take, or does not know any more."""
    is_lost = isinstance(error, StripeMissing)
    if is_about_discount(error) and (is_lost or get_checkout(token).discount_id is not None):
        raise let_go_refused(token, error) from error


def _forget_lost(token: str, error: StripeMissing) -> str:
    """Return what makes the keys of new prices other keys; nothing where a Customer was lost."""
    checkout = get_checkout(token)
    if error.param == "customer":
        stripe_id = (checkout.body or {}).get("customer", "")
        start_next_attempt(token, checkout.attempt)
        forget_lost(stripe_id)
        return ""
    price_ids = [line.price_id for line in checkout.cart]
    price_ids += beside.find_beside(mirrors.find_mirrors(price_ids), checkout.ui_mode)
    start_next_attempt(token, checkout.attempt)
    mirrors.forget_mirrors(price_ids)
    return tokens.hash_token(str(error))[:16]


def _without_extras(token: str, tried: Try, error: StripeRefused) -> Try:
    """Leave out the looks, or what is offered beside the cart. Raises the refusal of anything else."""
    is_of_face = face.is_refused(error.param)
    if not is_of_face and not (tried.has_beside and beside.is_refused(error.param)):
        raise error
    if isinstance(error, StripeMissing):  # of other refusals the next attempt has begun
        start_next_attempt(token, get_checkout(token).attempt)
    if is_of_face:
        face.note_refused(error.message)
        return tried
    beside.note_refused(error)
    return replace(tried, has_beside=False)
