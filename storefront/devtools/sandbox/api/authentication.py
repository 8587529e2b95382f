"""Who calls: Bearer, Basic or the `key` parameter, with Stripe's answers for keys that do not fit."""

import base64
import binascii
from collections.abc import Mapping
from enum import StrEnum

from storefront.devtools.sandbox.api.errors import API_KEYS_PAGE, StripeApiError
from storefront.devtools.sandbox.ids import masked


class Caller(StrEnum):
    SECRET = "secret"  # noqa: S105 - a role, not a secret
    RESTRICTED = "restricted"
    PUBLISHABLE = "publishable"


_NO_KEY = (
    "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer"
    " auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). See https://stripe.com/docs/api#authentication for"
    " details, or we can help at https://support.stripe.com/."
)
_NEEDS_SECRET = (
    "This API call cannot be made with a publishable API key. Please use a secret API key. You can find a list of"
    f" your API keys at {API_KEYS_PAGE}."
)


def given_key(authorization: str | None, key_parameter: str | None) -> str | None:
    """Return the key that a call names: one in the header wins over the parameter."""
    return _from_header(authorization) or key_parameter


def authenticate(
    key: str | None, *, secret_key: str, publishable_key: str, restricted: Mapping[str, list[str] | None]
) -> Caller:
    """Tell who calls, or raise Stripe's 401. `restricted` has None as permissions of a key that was rolled."""
    if not key:
        raise StripeApiError(401, _NO_KEY, is_stored=False, headers={"WWW-Authenticate": 'Basic realm="Stripe"'})
    if key == secret_key:
        return Caller.SECRET
    if key == publishable_key:
        return Caller.PUBLISHABLE
    if key not in restricted:
        raise StripeApiError(401, f"Invalid API Key provided: {masked(key)}", is_stored=False)
    if restricted[key] is None:
        raise StripeApiError(
            401, f"Expired API Key provided: {masked(key)}", code="api_key_expired", is_stored=False
        )
    return Caller.RESTRICTED


def require_secret(caller: Caller) -> None:
    if caller is Caller.PUBLISHABLE:
        raise StripeApiError(401, _NEEDS_SECRET, code="secret_key_required", is_stored=False)


def _from_header(authorization: str | None) -> str | None:
    scheme, _, value = (authorization or "").partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    return _user_name(value) if scheme.lower() == "basic" else None


def _user_name(credentials: str) -> str | None:
    """Return the name of Basic authentication, which is where Stripe takes the key."""
    try:
        return base64.b64decode(credentials, validate=True).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError):
        return None
