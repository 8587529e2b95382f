"""A purchase that nobody made, for mails that show an owner how theirs look."""

from typing import Any

from storefront.buyers.library.purchase import KeyState, Purchase, PurchasedItem, PurchasedKey
from storefront.buyers.library.read_receipt import seller_of
from storefront.buyers.library.receipt import Party, Receipt, ReceiptLine
from storefront.core import clock
from storefront.core.runtime import settings
from storefront.orders.tax_words import NO_TAXES
from storefront.shop.profile.read import read_profile
from storefront.shop.profile.zone import at_shop

AMOUNT_MINOR = 1900


def sample_mail(email: str) -> dict[str, Any]:
    """Return what a receipt's templates need."""
    purchase = sample_purchase(email)
    return {
        "purchase": purchase,
        "order_url": purchase.order_url,
        "again_url": purchase.again_url,
        "receipt": sample_receipt(purchase),
        "receipt_url": "",
        "pictures": {},
    }


def sample_receipt(purchase: Purchase) -> Receipt:
    (item,) = purchase.items
    line = ReceiptLine(
        description=item.description,
        quantity=1,
        unit_minor=AMOUNT_MINOR,
        subtotal_minor=AMOUNT_MINOR,
        discount_minor=0,
        net_minor=AMOUNT_MINOR,
        tax_rate="",
        tax_minor=0,
        total_minor=AMOUNT_MINOR,
        is_refunded=False,
    )
    return Receipt(
        number=purchase.number,
        placed_at=purchase.placed_at,
        paid_at=purchase.paid_at,
        is_paid=True,
        is_test=False,
        seller=seller_of(read_profile()),
        buyer=Party(names=("A buyer of yours",), address=(), tax_ids=(), email=purchase.email),
        method="Visa ending in 4242",
        currency=purchase.currency,
        lines=(line,),
        subtotal_minor=AMOUNT_MINOR,
        discount_minor=0,
        discount_code=None,
        tax_minor=0,
        total_minor=AMOUNT_MINOR,
        presentment=None,
        taxes=NO_TAXES,
        refunds=(),
        refunded_minor=0,
        invoice_number=None,
        invoice_url=None,
    )


def sample_purchase(email: str) -> Purchase:
    """Its links lead to the shop's first page, and its key opens nothing."""
    home = f"{settings().base_url}/"
    key = PurchasedKey(
        license_id=0,
        key="DEMO-AAAAA-BBBBB-CCCCC-DDDDD",
        state=KeyState.WORKS,
        activation_limit=3,
        seats=None,
        expires_at=None,
    )
    item = PurchasedItem(
        description="A product of yours",
        quantity=1,
        amount_minor=AMOUNT_MINOR,
        is_known=True,
        price_id=None,
        keys=(key,),
        files=(),
        is_refunded=False,
        is_owned_already=False,
    )
    return Purchase(
        number="EXAMPLE",
        state="paid",
        state_text="",
        access_allowed=True,
        access_reason="",
        email=email,
        placed_at=at_shop(clock.now()),
        paid_at=at_shop(clock.now()),
        currency="usd",
        subtotal_minor=AMOUNT_MINOR,
        discount_minor=0,
        tax_minor=0,
        total_minor=AMOUNT_MINOR,
        presentment=None,
        payment_method_type=None,
        payment_method=None,
        order_url=home,
        again_url=home,
        items=(item,),
        mail_state="",
    )
