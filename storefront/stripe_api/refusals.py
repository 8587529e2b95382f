"""Stripe's exceptions as ours: whether the answer is definite, or the same request is to be sent again."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

from storefront.core.errors import (
    StorefrontError,
    StripeAsksNobody,
    StripeBusy,
    StripeFault,
    StripeInProgress,
    StripeKeyUsed,
    StripeMissing,
    StripeRefused,
    StripeUnavailable,
    StripeUnreadable,
    StripeWantsTerms,
)

if TYPE_CHECKING:
    import stripe

log = logging.getLogger(__name__)

# Stripe names neither a code nor the parameter when the account has no address of terms.
CANNOT_ASK_FOR_TERMS = "collect consent to your terms of service"
# Another country than the US, or the terms of promotional emails are not agreed to: by its words or its parameter.
CANNOT_ASK_FOR_NEWS = ("consent_collection.promotions", "consent_collection[promotions]", "promotional email")
ITEMS = ("line_items", "optional_items")
REFUSED = "Stripe refused the request."
NO_KEY = "key"  # the code where Stripe does not take the key at all, perhaps only now
NOT_PERMITTED = "permission"  # the code of a refusal to a restricted key


Kinds = tuple["type[stripe.StripeError]", ...]


@contextmanager
def refusals(*, but: Kinds = ()) -> Iterator[None]:
    """Raise our own error in place of one of Stripe's, `but` for kinds that the caller asks for.

    A 500 is definite for this idempotency key: Stripe stores and replays it for 24 hours. No answer, 409 and
    429 are not: the same request with the same key is to be sent again.
    """
    import stripe

    try:
        yield
    except stripe.StripeError as error:
        if isinstance(error, but):
            raise
        raise _as_ours(error) from error


Conversion = tuple[Kinds, "Callable[[stripe.StripeError], StorefrontError]"]


def _as_ours(error: "stripe.StripeError") -> StorefrontError:
    for kinds, make in _conversions():
        if isinstance(error, kinds):
            return make(error)
    return _other(error)


def _busy(error: "stripe.StripeError") -> StorefrontError:
    log.warning("stripe asks to slow down", extra={"stripe_request": error.request_id})
    return StripeBusy()


def _unavailable(error: "stripe.StripeError") -> StorefrontError:
    log.warning("stripe does not answer", extra={"kind": type(error).__name__})
    return StripeUnavailable()


def _failed(error: "stripe.StripeError") -> StorefrontError:
    log.warning("stripe failed", extra={"status": error.http_status, "stripe_request": error.request_id})
    if error.http_status == 409:
        return StripeInProgress()
    # Below 300 it is no JSON: what was asked for may be done, so the same request is to be sent again.
    is_unknown = error.http_status is None or error.http_status < 300
    return StripeUnavailable() if is_unknown else StripeFault()


def _refused(error: "stripe.StripeError") -> StorefrontError:
    code, param = _code_of(error), getattr(error, "param", None)
    log.warning("stripe refused", extra={"stripe_code": code, "stripe_request": error.request_id})
    words = error.user_message or REFUSED
    if CANNOT_ASK_FOR_TERMS in words:
        return StripeWantsTerms(words)
    if any(sign in f"{param} {words.lower()}" for sign in CANNOT_ASK_FOR_NEWS):
        return StripeAsksNobody(words, stripe_code=code, param=param)
    kind = StripeMissing if _is_lost(code, param or "") else StripeRefused
    return kind(words, stripe_code=code, param=param or None)


def _code_of(error: "stripe.StripeError") -> str | None:
    return error.error.code if error.error else None


def _is_lost(code: str | None, param: str) -> bool:
    """Return True for a price that Stripe lost or archived, which is as good as lost: it is mirrored anew."""
    return code == "resource_missing" or (param.startswith(ITEMS) and param.endswith("[price]"))


def _key_used(error: "stripe.StripeError") -> StorefrontError:
    log.warning("stripe knows the key of another request", extra={"stripe_request": error.request_id})
    return StripeKeyUsed(error.user_message or REFUSED)


def _key_refused(error: "stripe.StripeError") -> StorefrontError:
    log.error("stripe does not accept the key", exc_info=error, extra={"stripe_request": error.request_id})
    return StripeRefused("The shop's payment settings are not complete.", stripe_code=NO_KEY)


def _not_permitted(error: "stripe.StripeError") -> StorefrontError:
    log.error("stripe's key may not do this", exc_info=error, extra={"stripe_request": error.request_id})
    return StripeRefused("The shop's payment settings are not complete.", stripe_code=NOT_PERMITTED)


def _other(error: "stripe.StripeError") -> StorefrontError:
    log.warning("stripe answered otherwise", extra={"kind": type(error).__name__, "status": error.http_status})
    if error.http_status is not None and 400 <= error.http_status < 500:
        return StripeRefused(error.user_message or REFUSED)
    return StripeUnavailable()


@cache
def _conversions() -> tuple[Conversion, ...]:
    """The first that fits counts."""
    import stripe

    return (
        ((stripe.RateLimitError,), _busy),
        ((stripe.APIConnectionError,), _unavailable),
        ((stripe.APIError,), _failed),
        ((stripe.IdempotencyError,), _key_used),
        ((stripe.InvalidRequestError,), _refused),
        ((stripe.AuthenticationError,), _key_refused),
        ((stripe.PermissionError,), _not_permitted),
    )


@contextmanager
def readable() -> Iterator[None]:
    """Around what reads an answer. A bug of ours looks the same, so the log has the whole story."""
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError) as error:
        log.exception("stripe's answer cannot be read")
        raise StripeUnreadable from error
