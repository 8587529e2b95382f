"""A purchase that nobody made, for mails that show an owner how theirs look."""

from storefront.buyers.library.purchase import KeyState, Purchase, PurchasedItem, PurchasedKey
from storefront.core import clock
from storefront.core.runtime import settings

AMOUNT_MINOR = 1900


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
        created_at=clock.now(),
        paid_at=clock.now(),
        currency="usd",
        subtotal_minor=AMOUNT_MINOR,
        discount_minor=0,
        tax_minor=0,
        total_minor=AMOUNT_MINOR,
        refunded_minor=0,
        presentment=None,
        payment_method_type=None,
        payment_method=None,
        order_url=home,
        again_url=home,
        items=(item,),
        mail_state="",
    )
