"""What templates get for an email about things that are not there: previews, and tests to oneself."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from storefront.buyers.availability.tell import AvailabilityMail
from storefront.buyers.reminders.left import Left, LeftLine
from storefront.core import clock
from storefront.core.runtime import settings
from storefront.customers.models import ProofPurpose
from storefront.mail.models import MailKind
from storefront.orders.after_sale import Refund
from storefront.orders.gift_models import Gift
from storefront.orders.refund_words import refund_amounts
from storefront.owner.shop.sample_purchase import AMOUNT_MINOR, sample_mail
from storefront.shop.catalog.models import Product, Release

PRODUCT = "A product of yours"
CODE = "123456"


def sample_of(kind: str, email: str) -> dict[str, Any]:
    """Return the sample of one of the emails that owners may write. Its links lead to the shop's first page."""
    home = f"{settings().base_url}/"
    return {**sample_mail(email), **SAMPLES[MailKind(kind)](sample_mail(email), home), "news_url": home}


def _receipt(_mail: Mapping[str, Any], _home: str) -> dict[str, Any]:
    return {}


def _refunded(_mail: Mapping[str, Any], _home: str) -> dict[str, Any]:
    refund = Refund(amount_minor=AMOUNT_MINOR, currency="usd", status="succeeded")
    return {**refund_amounts(refund), "refund": refund}


def _keys_arrived(mail: Mapping[str, Any], _home: str) -> dict[str, Any]:
    return {"keys": mail["purchase"].keys, "waiting": 0}


def _key_replaced(mail: Mapping[str, Any], _home: str) -> dict[str, Any]:
    return {"what": PRODUCT, "product_id": None, "license_key": mail["purchase"].keys[0]}


def _gift(_mail: Mapping[str, Any], _home: str) -> dict[str, Any]:
    return {"received": Gift(from_name="Ada", message="Happy birthday!")}


def _new_release(_mail: Mapping[str, Any], _home: str) -> dict[str, Any]:
    return {
        "product": Product(name=PRODUCT),
        "release": Release(version="2.0", notes=""),
        "notes": "",
        "notes_text": "",
    }


def _checkout_reminder(_mail: Mapping[str, Any], home: str) -> dict[str, Any]:
    line = LeftLine(description=PRODUCT, quantity=1, total_minor=AMOUNT_MINOR, price_id=None, product_id=None)
    now = clock.now()
    left = Left(
        session_id="",
        checkout_token=None,
        email="",
        url=home,
        url_expires_at=now + timedelta(days=30),
        currency="usd",
        total_minor=AMOUNT_MINOR,
        lines=(line,),
        began_at=now,
    )
    return {"left": left}


def _proof(_mail: Mapping[str, Any], home: str) -> dict[str, Any]:
    return {"code": CODE, "purpose": ProofPurpose.SIGN_IN.value, "link_url": home}


def _asked(_mail: Mapping[str, Any], home: str) -> dict[str, Any]:
    asked = AvailabilityMail(
        product_name=PRODUCT, product_url=home, choose_url=home, is_confirmed=False, can_be_bought=True
    )
    return {"asked": asked}


SAMPLES: dict[MailKind, Callable[[Mapping[str, Any], str], dict[str, Any]]] = {
    MailKind.RECEIPT: _receipt,
    MailKind.WAITING_FOR_BANK: _receipt,
    MailKind.PAYMENT_FAILED: _receipt,
    MailKind.REFUNDED: _refunded,
    MailKind.KEYS_ARRIVED: _keys_arrived,
    MailKind.KEY_REPLACED: _key_replaced,
    MailKind.GIFT: _gift,
    MailKind.NEW_RELEASE: _new_release,
    MailKind.CHECKOUT_REMINDER: _checkout_reminder,
    MailKind.PROOF: _proof,
    MailKind.AVAILABILITY_CONFIRM: _asked,
    MailKind.AVAILABLE: _asked,
}
