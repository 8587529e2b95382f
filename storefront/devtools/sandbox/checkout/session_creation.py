"""Opens a Checkout Session: for a call of the shop, or for a visitor of a payment link."""

from storefront.devtools.sandbox.api.errors import invalid
from storefront.devtools.sandbox.api.members import hash_of, list_of
from storefront.devtools.sandbox.api.parameter_checks import get_undeleted
from storefront.devtools.sandbox.checkout import discounts
from storefront.devtools.sandbox.checkout.consent import require_promotions, require_terms_url
from storefront.devtools.sandbox.checkout.custom_amounts import check_custom_lines
from storefront.devtools.sandbox.checkout.line_items import check_currency, read_lines
from storefront.devtools.sandbox.checkout.offered import offered_types
from storefront.devtools.sandbox.checkout.optional_items import optional_items_of_body, read_optional_items
from storefront.devtools.sandbox.checkout.saved_methods import gets_customer
from storefront.devtools.sandbox.checkout.session_body import new_session_body
from storefront.devtools.sandbox.checkout.totals import compute, require_chargeable
from storefront.devtools.sandbox.ids import new_id
from storefront.devtools.sandbox.payments.kinds import KINDS, Course, eligible
from storefront.devtools.sandbox.storage.records import Json, Record
from storefront.devtools.sandbox.storage.unit_of_work import UnitOfWork
from storefront.devtools.sandbox.tax.buyer_details import check_customer_for_tax, known_address
from storefront.devtools.sandbox.tax.calculation import has_automatic_tax, require_tax_settings

_SHORTEST_SECONDS, _LONGEST_SECONDS = 1800, 86_400


def open_session(work: UnitOfWork, params: Json) -> Record:
    """Open a session with `params` as in `POST /v1/checkout/sessions`, checked by `check_new_session`."""
    _check_expiry(work, params)
    if "customer" in params:
        get_undeleted(work, "customer", params["customer"], "customer")
    check_customer_for_tax(work, params)
    require_terms_url(work, params)
    require_promotions(work, params)
    lines, currency = read_lines(work, params["line_items"])
    check_currency(params, currency)
    check_custom_lines(work, params, lines)
    optional = read_optional_items(work, params, currency)
    return open_session_of(work, params, lines, currency, optional=optional)


def open_session_of(
    work: UnitOfWork,
    params: Json,
    lines: list[Json],
    currency: str,
    *,
    link: str | None = None,
    optional: list[Json] | None = None,
) -> Record:
    """Open a session with rows that are read already; `link` is the payment link it is for."""
    body = new_session_body(work, new_id("cs_test_a1"), params, currency, _method_types(work, params, currency))
    body["payment_link"] = link
    if optional:
        body["optional_items"] = optional_items_of_body(optional)
    session = Record(body=body, private=_new_private(work, params, lines, optional or []))
    if has_automatic_tax(session):
        require_tax_settings(work, lines)
    compute(work, session)
    for discount in list_of(params, "discounts"):
        discounts.attach(work, session, discount)
    require_chargeable(session)
    body["payment_method_types"] = offered_types(session)
    if not body["payment_method_types"]:
        raise invalid("No valid payment method types for this Checkout Session.")
    work.records.add(session.body, session.private)
    work.set_timer("expire", session.id, body["expires_at"])
    return session


def _check_expiry(work: UnitOfWork, params: Json) -> None:
    if "expires_at" not in params:
        return
    # A few seconds of grace: the caller added its half hour to its own clock.
    if not _SHORTEST_SECONDS - 30 <= params["expires_at"] - work.now <= _LONGEST_SECONDS + 30:
        raise invalid(
            "The `expires_at` timestamp must be at least 30 minutes and less than 24 hours from Checkout Session"
            " creation.",
            param="expires_at",
        )


def _new_private(work: UnitOfWork, params: Json, lines: list[Json], optional: list[Json]) -> Json:
    return {
        "lines": lines,
        "optional": optional,
        "base_url": work.base_url,
        "params": params if params.get("after_expiration") else {},
        "coupon": None,
        "promotion_code": None,
        "discount_id": None,
        "discount_start": None,
        "page_id": new_id("ppage_1"),
        "payment_intent_data": hash_of(params, "payment_intent_data"),
        "customer_update": hash_of(params, "customer_update"),
        "tax_address": known_address(work, params),
        "tax_id": None,
        "payment_method_options": hash_of(params, "payment_method_options"),
    }


def _method_types(work: UnitOfWork, params: Json, currency: str) -> list[str]:
    """Return what is eligible by currency, narrowed by what the shop allows or excludes.

    A page that never redirects has no way to pay that leads elsewhere.
    https://docs.stripe.com/payments/checkout/custom-success-page?payment-ui=embedded-page
    """
    eligible = _eligible_types(work, params, currency)
    if params.get("redirect_on_completion") == "never":
        eligible = [kind for kind in eligible if KINDS[kind].course is not Course.REDIRECT]
    allowed = params.get("allowed_payment_method_types") or params.get("payment_method_types") or eligible
    excluded = list_of(params, "excluded_payment_method_types")
    types = [kind for kind in eligible if kind in set(allowed) - set(excluded)]
    if not types:
        raise invalid("No valid payment method types for this Checkout Session.")
    return types


def _eligible_types(work: UnitOfWork, params: Json, currency: str) -> list[str]:
    """Return what the account has switched on and the currency allows, whatever the amount."""
    has_customer = gets_customer(params)
    kinds = eligible(currency, 0, has_customer=has_customer)
    off = {*work.settings.disabled_methods, *(() if work.settings.ach_debits else ("us_bank_account",))}
    return [kind for kind in kinds if kind not in off]
