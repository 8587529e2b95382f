"""What the variables of an email are worth, from what its templates get."""

from collections.abc import Callable, Mapping
from typing import Any

from storefront.buyers.library.purchase import Purchase
from storefront.core.languages import _, current_language, show_day, show_day_of_year, show_money
from storefront.core.runtime import settings
from storefront.customers.models import ProofPurpose
from storefront.customers.proofs import LIFETIME_MINUTES
from storefront.mail.models import MailKind
from storefront.shop.emails.queries import find_words
from storefront.shop.emails.words import Filled, Words, fill
from storefront.shop.profile.read import read_profile

Values = dict[str, str]
MONEY_KINDS = (MailKind.RECEIPT, MailKind.WAITING_FOR_BANK, MailKind.PAYMENT_FAILED, MailKind.REFUNDED)
OTHER_STATES: dict[str, Callable[[Mapping[str, Any]], bool]] = {
    MailKind.RECEIPT: lambda context: any(item.is_refunded for item in context["purchase"].items),
    MailKind.WAITING_FOR_BANK: lambda context: context["purchase"].waits_for is not None,
    MailKind.REFUNDED: lambda context: bool(context.get("to_answer")),
    MailKind.PROOF: lambda context: context["purpose"] != ProofPurpose.SIGN_IN,
    MailKind.AVAILABILITY_CONFIRM: lambda context: context["asked"].is_confirmed,
}


def fill_own(kind: str, context: Mapping[str, Any]) -> Filled | None:
    """Return the owner's words in the language of now with their values; None where the shop says its own.

    They tell of one state. What an email says in another one is true only in the shop's own words.
    """
    if kind not in VALUES or OTHER_STATES.get(kind, _never)(context):
        return None
    words = find_words(kind, current_language())
    return None if words is None else fill_words(words, kind, context)


def fill_words(words: Words, kind: str, context: Mapping[str, Any]) -> Filled:
    return fill(words, values_of(kind, context))


def values_of(kind: str, context: Mapping[str, Any]) -> Values:
    profile = read_profile()
    values = {"shop": profile.name, "shop_url": settings().base_url, "support": profile.support_address}
    if "purchase" in context:
        values |= _of_order(context["purchase"])
    if kind in MONEY_KINDS:
        values |= _of_money(context["purchase"])
    return values | VALUES[kind](context)


def _never(_context: Mapping[str, Any]) -> bool:
    return False


def _of_order(purchase: Purchase) -> Values:
    names = ", ".join(dict.fromkeys(str(item.description) for item in purchase.items))
    return {"number": purchase.number, "products": names, "order_url": purchase.order_url}


def _of_money(purchase: Purchase) -> Values:
    total = show_money(purchase.total_minor, purchase.currency)
    return {"total": total, "date": show_day(purchase.placed_at)}


def _nothing_more(_context: Mapping[str, Any]) -> Values:
    return {}


def _refunded(context: Mapping[str, Any]) -> Values:
    return {"amount": context["amount"]}


def _new_release(context: Mapping[str, Any]) -> Values:
    return {"product": context["product"].name, "version": context["release"].version}


def _asked(context: Mapping[str, Any]) -> Values:
    return {"product": context["asked"].product_name, "product_url": context["asked"].product_url}


VALUES: dict[str, Callable[[Mapping[str, Any]], Values]] = {
    MailKind.RECEIPT: _nothing_more,
    MailKind.WAITING_FOR_BANK: _nothing_more,
    MailKind.PAYMENT_FAILED: lambda context: {"again_url": context["again_url"]},
    MailKind.REFUNDED: _refunded,
    MailKind.KEYS_ARRIVED: _nothing_more,
    MailKind.KEY_REPLACED: lambda context: {"product": str(context["what"])},
    MailKind.GIFT: lambda context: {"giver": context["received"].from_name or _("Somebody")},
    MailKind.NEW_RELEASE: _new_release,
    MailKind.CHECKOUT_REMINDER: lambda context: {"date": show_day_of_year(context["left"].began_at)},
    MailKind.PROOF: lambda context: {"code": context["code"], "minutes": str(LIFETIME_MINUTES)},
    MailKind.AVAILABILITY_CONFIRM: _asked,
    MailKind.AVAILABLE: _asked,
}
