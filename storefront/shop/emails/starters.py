"""The shop's own words of each email with variables in them, in the language of now: a place to start from."""

from collections.abc import Callable

from storefront.core.languages import Language, _, ngettext, speaking
from storefront.mail.models import MailKind
from storefront.shop.emails.words import Words

MANY = 2  # keys: the form that is right for any number is the plural


def starter_of(kind: str, language: Language) -> Words:
    """Return what stands in the editor while the owner has written nothing."""
    with speaking(language):
        return STARTERS[MailKind(kind)]()


def _receipt() -> Words:
    return Words(
        subject=_("Your order %(number)s from %(shop)s", number="{number}", shop="{shop}"),
        heading=_("Thank you! Your order is complete."),
        body=_("Here's what you ordered."),
    )


def _waiting_for_bank() -> Words:
    sentences = (
        _("Thank you for your order."),
        _("We're waiting for your bank."),
        _("Some payments, such as bank debits, take up to a few business days."),
    )
    return Words(
        subject=_("Your order %(number)s: payment pending", number="{number}"),
        heading=_("Payment pending"),
        body=" ".join(sentences),
    )


def _payment_failed() -> Words:
    return Words(
        subject=_("Your payment for order %(number)s didn't go through", number="{number}"),
        heading=_("The payment didn't go through"),
        body=_("What you chose is still there. Try another card or another way to pay."),
    )


def _refunded() -> Words:
    sent = _("We have sent %(amount)s back to you, the way you paid.", amount="{amount}")
    return Words(
        subject=_("Refunded: %(amount)s of order %(number)s", amount="{amount}", number="{number}"),
        heading=_("Your refund is on its way"),
        body=f"{sent} {_('Your bank may take five to ten business days to show it.')}",
    )


def _keys_arrived() -> Words:
    return Words(
        subject=ngettext("Your license key from %(shop)s", "Your license keys from %(shop)s", MANY, shop="{shop}"),
        heading=ngettext("Your license key is here", "Your license keys are here", MANY),
        body=_("Thank you for waiting."),
    )


def _key_replaced() -> Words:
    return Words(
        subject=_("Your new license key for %(what)s", what="{product}"),
        heading=_("Your new license key"),
        body=_(
            "The shop gave your %(what)s license a new key. The old one no longer works.",
            what="{product}",
        ),
    )


def _gift() -> Words:
    return Words(
        subject=_("%(giver)s sent you a gift from %(shop)s", giver="{giver}", shop="{shop}"),
        heading=_("%(giver)s sent you a gift", giver="{giver}"),
        body="",
    )


def _new_release() -> Words:
    title = _("%(product)s is here", product="{product} {version}")
    return Words(subject=title, heading=title, body=_("It's yours, from order %(number)s.", number="{number}"))


def _checkout_reminder() -> Words:
    return Words(
        subject=_("Your checkout at %(shop)s", shop="{shop}"),
        heading=_("Your checkout is still here"),
        body=_(
            "You started a checkout at %(shop)s on %(day)s and didn’t finish it. You haven’t been charged.",  # noqa: RUF001
            shop="{shop}",
            day="{date}",
        ),
    )


def _proof() -> Words:
    return Words(
        subject=_("%(code)s is your code for %(shop)s", code="{code}", shop="{shop}"),
        heading=_("Your code"),
        body=_("Enter it where you were asked for it, or open this address and press the button there:"),
    )


def _availability_confirm() -> Words:
    return Words(
        subject=_("Confirm: email me when %(product_name)s is available", product_name="{product}"),
        heading="{product}",
        body=_(
            "Somebody typed this address to get one email when %(product_name)s is available. If that was you, "
            "please confirm it.",
            product_name="{product}",
        ),
    )


def _available() -> Words:
    title = _("%(product)s is available", product="{product}")
    return Words(
        subject=title, heading=title, body=_("You asked us to tell you when it can be bought. Now it can.")
    )


STARTERS: dict[MailKind, Callable[[], Words]] = {
    MailKind.RECEIPT: _receipt,
    MailKind.WAITING_FOR_BANK: _waiting_for_bank,
    MailKind.PAYMENT_FAILED: _payment_failed,
    MailKind.REFUNDED: _refunded,
    MailKind.KEYS_ARRIVED: _keys_arrived,
    MailKind.KEY_REPLACED: _key_replaced,
    MailKind.GIFT: _gift,
    MailKind.NEW_RELEASE: _new_release,
    MailKind.CHECKOUT_REMINDER: _checkout_reminder,
    MailKind.PROOF: _proof,
    MailKind.AVAILABILITY_CONFIRM: _availability_confirm,
    MailKind.AVAILABLE: _available,
}
