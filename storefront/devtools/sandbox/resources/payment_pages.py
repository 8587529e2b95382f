"""The private API of the Checkout page: used by our own page, by the command line's triggers and by tests."""

from collections.abc import Mapping

from storefront.devtools.sandbox.api.errors import StripeApiError, invalid
from storefront.devtools.sandbox.api.members import filled, hash_of, inner, list_of
from storefront.devtools.sandbox.api.parameter_checks import require
from storefront.devtools.sandbox.api.parameter_types import INTEGER, TEXT, Kind, Spec
from storefront.devtools.sandbox.api.routes import Call, route
from storefront.devtools.sandbox.checkout.collected import with_collected
from storefront.devtools.sandbox.checkout.currency_choice import allow_own_currency
from storefront.devtools.sandbox.checkout.custom_amounts import choose_amount
from storefront.devtools.sandbox.checkout.discounts import apply_code
from storefront.devtools.sandbox.checkout.elements_json import elements_json
from storefront.devtools.sandbox.checkout.optional_items import take_optional_item
from storefront.devtools.sandbox.checkout.page_json import page_json
from storefront.devtools.sandbox.checkout.page_updates import GROUPS, apply_groups, set_quantity
from storefront.devtools.sandbox.checkout.payment import authenticate_session, confirm_session, require_open
from storefront.devtools.sandbox.checkout.recovery import take_consent
from storefront.devtools.sandbox.checkout.redirect import poll
from storefront.devtools.sandbox.checkout.saved_methods import remove_shown
from storefront.devtools.sandbox.checkout.totals import compute, require_chargeable
from storefront.devtools.sandbox.checkout.typed_fields import filled_in
from storefront.devtools.sandbox.storage.records import Json, Record
from storefront.devtools.sandbox.storage.unit_of_work import UnitOfWork
from storefront.devtools.sandbox.tax.buyer_details import take_region, take_tax_id

_CAN_BE_EMPTY = Spec(kind=Kind.STRING, can_be_empty=True)
_QUANTITIES = Spec(
    kind=Kind.ARRAY,
    item=Spec(kind=Kind.HASH, fields={"id": TEXT, "quantity": INTEGER}, required=("id", "quantity")),
)
_OPTIONAL = Spec(
    kind=Kind.ARRAY,
    item=Spec(kind=Kind.HASH, fields={"price": TEXT, "quantity": INTEGER}, required=("price", "quantity")),
)
_TAX_ID = Spec(kind=Kind.HASH, fields={"type": TEXT, "value": TEXT}, required=("type", "value"))
_TYPED_TAX_ID = Spec(
    kind=Kind.HASH,
    fields={"tax_id": Spec(kind=Kind.HASH, fields={"type": TEXT, "value": _CAN_BE_EMPTY}, required=("value",))},
)
_REGION = Spec(
    kind=Kind.HASH,
    fields=dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"), _CAN_BE_EMPTY),
)
_CONSENT = Spec(kind=Kind.HASH, fields={"promotions": TEXT, "terms_of_service": TEXT})
# What a buyer types on the page.
_TYPED = (
    "email",
    "name",
    "country",
    "postal_code",
    "payment_method",
    "save_payment_method",
    "tax_id",
    "custom_fields",
    "phone_number",
)
# Named by Stripe's own page for fraud signals, taken and not used; the secret opens a session of the Elements SDK.
_SIGNALS: Mapping[str, Spec] = dict.fromkeys(("client_secret", "eid", "guid", "muid", "sid"), _CAN_BE_EMPTY)

# What Stripe.js says about the page that it runs on.
_OPTIONS: Mapping[str, Spec] = {
    "adaptive_pricing": Spec(kind=Kind.HASH, fields={"allowed": Spec(kind=Kind.BOOLEAN)}),
    "browser_locale": TEXT,
    "browser_timezone": TEXT,
    "redirect_type": TEXT,
}


@route("GET /v1/payment_pages/{id}", is_public=True, extra=_SIGNALS)
def retrieve_page(call: Call) -> Json:
    return _page(call, _session(call))


@route("POST /v1/payment_pages/{id}/init", is_public=True, extra={**_SIGNALS, **_OPTIONS})
def init_page(call: Call) -> Json:
    session = _session(call)
    if _is_for_elements(session):
        _require_active(session)
        _keep_options(call, session)
    return _page(call, session)


def _keep_options(call: Call, session: Record) -> None:
    if "adaptive_pricing" in call.params:
        allow_own_currency(session, allowed=call.params["adaptive_pricing"].get("allowed", False))
        call.work.records.save(session)


@route(
    "POST /v1/payment_pages/{id}",
    is_public=True,
    extra={
        **_SIGNALS,
        **GROUPS,
        "promotion_code": _CAN_BE_EMPTY,
        "line_items": _QUANTITIES,
        "custom_unit_amount": INTEGER,
        "tax_id_collection": _TYPED_TAX_ID,
        "tax_region": _REGION,
        "optional_items": _OPTIONAL,
        "consent": _CONSENT,
        "detach_payment_method": TEXT,
    },
)
def update_page(call: Call) -> Json:
    session = _session(call)
    if _is_for_elements(session):
        _require_active(session)
    require_open(session)
    apply_groups(call.work, session, call.params)
    if "promotion_code" in call.params:
        _take_code(call.work, session, call.params["promotion_code"])
    if "detach_payment_method" in call.params:
        remove_shown(call.work, session, call.params["detach_payment_method"])
    _take_details(session, call.params)
    for place, wanted in enumerate(list_of(call.params, "optional_items")):
        take_optional_item(session, wanted["price"], wanted["quantity"], f"optional_items[{place}]")
    _set_quantities(session, list_of(call.params, "line_items"), "line_items")
    if "custom_unit_amount" in call.params:
        choose_amount(call.work, session, call.params["custom_unit_amount"])
    _keep_totals(call.work, session)
    return _page(call, session)


def _set_quantities(session: Record, quantities: list[Json], name: str) -> None:
    for place, wanted in enumerate(quantities):
        set_quantity(session, wanted["id"], wanted["quantity"], f"{name}[{place}]")


def _keep_totals(work: UnitOfWork, session: Record) -> None:
    compute(work, session)
    require_chargeable(session)
    work.records.save(session)


@route(
    "POST /v1/payment_pages/{id}/confirm",
    is_public=True,
    extra={
        **_SIGNALS,
        "consent": _CONSENT,
        "custom_fields": Spec(kind=Kind.MAP, item=_CAN_BE_EMPTY),
        "country": _CAN_BE_EMPTY,
        "email": _CAN_BE_EMPTY,
        "expected_amount": INTEGER,
        "expected_payment_method_type": TEXT,
        "name": _CAN_BE_EMPTY,
        "payment_method": TEXT,
        "phone_number": _CAN_BE_EMPTY,
        "postal_code": _CAN_BE_EMPTY,
        "return_url": TEXT,
        "save_payment_method": Spec(kind=Kind.BOOLEAN),
        "tax_id": _TAX_ID,
    },
)
def confirm_page(call: Call) -> Json:
    require(call.params, "expected_amount")
    session = _session(call)
    intent = confirm_session(call.work, session, with_collected(session, call.params))
    return _page(call, session, intent)


@route(
    "POST /v1/payment_pages/{id}/authenticate",
    is_public=True,
    extra={**_SIGNALS, "payment_intent": TEXT, "result": TEXT},
)
def authenticate_page(call: Call) -> Json:
    require(call.params, "payment_intent", "result")
    session = _session(call)
    intent = authenticate_session(call.work, session, call.params)
    return _page(call, session, intent)


@route("GET /v1/payment_pages/{id}/poll", is_public=True, extra=_SIGNALS)
def poll_page(call: Call) -> Json:
    return poll(call.work, _session(call))


def _session(call: Call) -> Record:
    """Return the session; one of the Elements SDK opens to who holds its client secret."""
    session = call.get("checkout.session", param="session")
    if _is_for_elements(session) and call.params.get("client_secret") != session.body["client_secret"]:
        raise invalid(
            "The client secret provided does not match the client secret of this Checkout Session.",
            param="client_secret",
            is_stored=False,
        )
    return session


def _is_for_elements(session: Record) -> bool:
    return bool(session.body["ui_mode"] == "elements")


def _require_active(session: Record) -> None:
    """Tell the SDK that a session is spent, and whether it was paid."""
    if session.body["status"] == "open":
        return
    is_paid = session.body["status"] == "complete" and session.body["payment_status"] != "unpaid"
    raise StripeApiError(
        400,
        "This Checkout Session is no longer active. Create a new Checkout Session to try again.",
        code="checkout_succeeded_session" if is_paid else "checkout_not_active_session",
        is_stored=False,
    )


def _page(call: Call, session: Record, intent: Json | None = None) -> Json:
    return (elements_json if _is_for_elements(session) else page_json)(call.work, session, intent)


def _take_code(work: UnitOfWork, session: Record, code: str) -> None:
    if not session.body["allow_promotion_codes"]:
        raise invalid("This order does not take promotion codes.", param="promotion_code")
    apply_code(work, session, code)


def _take_details(session: Record, params: Json) -> None:
    if "tax_region" in params:
        take_region(session, params["tax_region"])
    if "tax_id_collection" in params:
        take_tax_id(session, params["tax_id_collection"].get("tax_id"), "tax_id")
    if "promotions" in params.get("consent", {}):
        take_consent(session, params["consent"]["promotions"])


def _choose_as_the_page_would(work: UnitOfWork, session: Record, params: Json) -> None:
    if params.get("promotion_code"):
        apply_code(work, session, params["promotion_code"])
    for price_id, number in hash_of(params, "optional_items").items():
        take_optional_item(session, price_id, number, "optional_items")
    quantities = hash_of(params, "quantities").items()
    _set_quantities(session, [{"id": line_id, "quantity": number} for line_id, number in quantities], "quantities")
    if params.get("custom_unit_amount") is not None:
        choose_amount(work, session, params["custom_unit_amount"])
    _keep_totals(work, session)


def pay_as_the_page_would(work: UnitOfWork, session: Record, params: Json) -> Json:
    """Do what a buyer does, for the control API: code, quantities, Pay button and the 3-D Secure dialog."""
    _choose_as_the_page_would(work, session, params)
    typed = filled_in(session) | filled(params, _TYPED)
    if params.get("accepts_terms", True):
        typed["consent"] = {"terms_of_service": "accepted"}
    intent = confirm_session(work, session, typed)
    if intent is not None and _is_answered(intent, params):
        answer = {"payment_intent": intent["id"], "result": params["authenticate"]}
        intent = authenticate_session(work, session, answer)
    return page_json(work, session, intent)


def _is_answered(intent: Json, params: Json) -> bool:
    """Tell whether there is a question (3-D Secure, or a page elsewhere), and somebody to answer it."""
    asks = inner(intent, "next_action", "type") in {"use_stripe_sdk", "redirect_to_url"}
    return bool(asks and params.get("authenticate"))
