"""Which emails an owner may write, what each is for, its variables, and what the shop adds to it."""

from dataclasses import dataclass

from storefront.core.errors import NotFound
from storefront.mail.models import MailKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """`is_address`: it may be where a link leads."""

    name: str
    meaning: str
    is_address: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EditableEmail:
    """`stays` says what the shop writes by itself below the words, whatever they are."""

    title: str
    when: str
    stays: str
    variables: tuple[Variable, ...]

    def find(self, name: str) -> Variable | None:
        return next((each for each in self.variables if each.name == name), None)


SHOP = (
    Variable(name="shop", meaning="the name of your shop"),
    Variable(name="shop_url", meaning="the address of your shop", is_address=True),
    Variable(name="support", meaning="the email address for support"),
)
ORDER = (
    Variable(name="number", meaning="the number of the order"),
    Variable(name="products", meaning="what was bought, with commas between"),
    Variable(name="order_url", meaning="the address of the order page", is_address=True),
)
MONEY = (
    Variable(name="total", meaning="what the order cost, like $19.00"),
    Variable(name="date", meaning="the day of the order"),
)
PRODUCT = Variable(name="product", meaning="the name of the product")
PRODUCT_URL = Variable(name="product_url", meaning="the address of the product's page", is_address=True)
PAID = (*ORDER, *MONEY, *SHOP)

EDITABLE: dict[MailKind, EditableEmail] = {
    MailKind.RECEIPT: EditableEmail(
        title="Receipt",
        when="An order is paid. After a refund of a part it says the shop's own words.",
        stays="What was bought, keys and downloads, the link to the order page, the receipt with taxes",
        variables=PAID,
    ),
    MailKind.WAITING_FOR_BANK: EditableEmail(
        title="Payment pending",
        when="The bank takes days. For vouchers and transfers it says the shop's own words: they tell how to pay.",
        stays="That nothing has to be done, the link to the order page, the order with taxes",
        variables=PAID,
    ),
    MailKind.PAYMENT_FAILED: EditableEmail(
        title="Payment failed",
        when="The bank said no after all.",
        stays="Why it failed, a button to try again, the link to the order page, what was ordered",
        variables=(*PAID, Variable(name="again_url", meaning="where the same cart is", is_address=True)),
    ),
    MailKind.REFUNDED: EditableEmail(
        title="Refund",
        when="Money went back, all of it or a part. Of one that waits for its buyer it says the shop's own words.",
        stays="What still works, the link to the order page, the receipt with the refund",
        variables=(Variable(name="amount", meaning="what went back, like $19.00"), *PAID),
    ),
    MailKind.KEYS_ARRIVED: EditableEmail(
        title="Keys in stock again",
        when="Keys came for an order that waited for them.",
        stays="The keys, how many still follow, the link to the order page",
        variables=(*ORDER, *SHOP),
    ),
    MailKind.KEY_REPLACED: EditableEmail(
        title="New key",
        when="You replaced a license key.",
        stays="The new key, that devices need it, the link to the order page",
        variables=(PRODUCT, *ORDER, *SHOP),
    ),
    MailKind.GIFT: EditableEmail(
        title="Gift",
        when="A gift reaches who it is for, on its day.",
        stays="The giver's message, keys and downloads, the link to the gift",
        variables=(Variable(name="giver", meaning="what who gives it is called"), *ORDER, *SHOP),
    ),
    MailKind.NEW_RELEASE: EditableEmail(
        title="New release",
        when="You tell buyers of a release.",
        stays="The release notes, the link to the order page, the way to stop these emails",
        variables=(PRODUCT, Variable(name="version", meaning="the version, like 2.1"), *ORDER, *SHOP),
    ),
    MailKind.CHECKOUT_REMINDER: EditableEmail(
        title="Checkout reminder",
        when="A checkout was left by somebody who agreed to hear of it.",
        stays="What was left, the link to go on, until when it works, the way to stop these emails",
        variables=(Variable(name="date", meaning="the day of the checkout, without its year"), *SHOP),
    ),
    MailKind.PROOF: EditableEmail(
        title="Sign-in code",
        when="A buyer signs in. Codes for anything else say the shop's own words: they tell what is agreed to.",
        stays="The code, the link, how long they work, what to do if somebody else asked",
        variables=(
            Variable(name="code", meaning="the code"),
            Variable(name="minutes", meaning="how many minutes it works"),
            *SHOP,
        ),
    ),
    MailKind.AVAILABILITY_CONFIRM: EditableEmail(
        title="Confirm: email me when available",
        when="Somebody asks to be told when a product can be bought.",
        stays="The button that confirms, and that nothing has to be done otherwise",
        variables=(PRODUCT, PRODUCT_URL, *SHOP),
    ),
    MailKind.AVAILABLE: EditableEmail(
        title="Available now",
        when="A product can be bought that somebody waited for.",
        stays="The link to the product, that the address is deleted, the way off the list",
        variables=(PRODUCT, PRODUCT_URL, *SHOP),
    ),
}


def get_editable(kind: str) -> EditableEmail:
    """Raises NotFound for an email that the owner cannot write."""
    if kind not in EDITABLE:
        raise NotFound(f"There is no email {kind} to be written. These are: {', '.join(EDITABLE)}.")
    return EDITABLE[MailKind(kind)]
