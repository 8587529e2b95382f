"""Values of parameters that have a form of their own wherever they stand: currencies, emails, pictures."""

import re
from urllib.parse import urlsplit

from storefront.devtools.sandbox.api.errors import invalid
from storefront.devtools.sandbox.api.members import member_name
from storefront.devtools.sandbox.money import CURRENCIES
from storefront.devtools.sandbox.storage.records import Json

_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
_EMAIL_NAMES = frozenset({"email", "customer_email", "receipt_email", "instructions_email"})


def is_email(text: str) -> bool:
    return _EMAIL.fullmatch(text) is not None


def is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:  # of an address in brackets that is none
        return False
    return parts.scheme in {"http", "https"} and bool(parts.netloc)


def check_formats(params: Json, name: str = "") -> None:
    """Raise Stripe's 400 for the first unknown currency, or impossible address; "" unsets and passes."""
    for member, value in params.items():
        full_name = member_name(name, member)
        if isinstance(value, str):
            _check_text(member, value, full_name)
        elif member == "images":
            _check_pictures(value, full_name)
        elif member != "metadata":
            _check_members(value, full_name)


def _check_pictures(addresses: list[str], name: str) -> None:
    for place, address in enumerate(addresses):
        if not is_url(address):
            raise invalid("Not a valid URL", param=f"{name}[{place}]", code="url_invalid")


def _check_members(value: object, name: str) -> None:
    if isinstance(value, dict):
        check_formats(value, name)
    elif isinstance(value, list):
        for place, item in enumerate(value):
            _check_members(item, f"{name}[{place}]")


def _check_text(member: str, value: str, name: str) -> None:
    if value == "":
        return
    if member == "currency":
        _check_currency(value.lower(), name)
    elif member in _EMAIL_NAMES and not is_email(value):
        raise invalid(f"Invalid email address: {value}", param=name, code="email_invalid")


def _check_currency(currency: str, name: str) -> None:
    if currency not in CURRENCIES:
        known = ", ".join(sorted(CURRENCIES))
        raise invalid(
            f"Invalid currency: {currency}. Stripe currently supports these currencies: {known}", param=name
        )
