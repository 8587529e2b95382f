"""What a form asks a buyer to accept: which parameters go together, and what the account needs for it."""

from storefront.devtools.sandbox.api.errors import invalid
from storefront.devtools.sandbox.api.members import hash_of, inner
from storefront.devtools.sandbox.checkout.session_body import TEXTS
from storefront.devtools.sandbox.storage.records import Json
from storefront.devtools.sandbox.storage.unit_of_work import UnitOfWork

LONGEST_TEXT = 1200
BOX_TEXT = "terms_of_service_acceptance"
# As Stripe says it, without a code or the parameter's name.
NO_TERMS_URL = (
    "You cannot collect consent to your terms of service unless a URL is set in the Stripe Dashboard. Update your"
    " public business details in the Dashboard https://dashboard.stripe.com/settings/public with a Terms of"
    " service URL to collect terms of service consent."
)


NO_PROMOTIONS = "`consent_collection.promotions` is not available in your country."


def _check_length(name: str, message: str) -> None:
    if len(message) > LONGEST_TEXT:
        raise invalid(
            f"Invalid string: {message[:9]}...{message[-8:]}; must be at most {LONGEST_TEXT} characters",
            param=f"custom_text[{name}][message]",
            is_stored=False,
        )


def check_texts(params: Json) -> None:
    """Judge parameters of a Session or of a payment link before anything is executed."""
    texts = hash_of(params, "custom_text")
    for name in TEXTS:
        _check_length(name, inner(texts, name, "message", ""))
    if texts.get(BOX_TEXT) and not asks_for_terms(params):
        raise invalid(
            f"`custom_text[{BOX_TEXT}]` needs `consent_collection[terms_of_service]` to be `required`.",
            param=f"custom_text[{BOX_TEXT}]",
            is_stored=False,
        )


def asks_for_terms(params: Json) -> bool:
    return bool(inner(params, "consent_collection", "terms_of_service") == "required")


def require_terms_url(work: UnitOfWork, params: Json) -> None:
    """Raise Stripe's 400 where the account's public details have no address of terms."""
    if asks_for_terms(params) and not work.settings.terms_url:
        raise invalid(NO_TERMS_URL)


def require_promotions(work: UnitOfWork, params: Json) -> None:
    """Raise Stripe's 400 where the account may not ask for consent to promotional emails."""
    asks = inner(params, "consent_collection", "promotions") == "auto"
    if asks and not work.settings.asks_for_promotions:
        raise invalid(NO_PROMOTIONS, param="consent_collection[promotions]")


def require_acceptance(body: Json, params: Json) -> None:
    """Refuse to pay for a buyer who has not ticked the box."""
    accepted = inner(params, "consent", "terms_of_service") == "accepted"
    if asks_for_terms(body) and not accepted:
        raise invalid(
            "The buyer has to accept the terms of service.", param="consent[terms_of_service]", is_stored=False
        )
