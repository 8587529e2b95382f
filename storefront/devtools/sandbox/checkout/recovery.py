"""Recovery after expiry: the address that an expired session gets, and the copy that opening it makes."""

from storefront.devtools.sandbox.api.errors import invalid
from storefront.devtools.sandbox.api.members import inner
from storefront.devtools.sandbox.checkout.collected import collected
from storefront.devtools.sandbox.checkout.session_creation import open_session
from storefront.devtools.sandbox.ids import new_id
from storefront.devtools.sandbox.storage.records import Json, Query, Record
from storefront.devtools.sandbox.storage.unit_of_work import UnitOfWork

_DAYS_SECONDS = 30 * 86_400
_ANSWERS = {"opt_in", "opt_out"}
# Of the page that the buyer left; the copy is always a page of Stripe's.
# A code of the first is typed again where the copy takes codes; its own may have ended.
_NOT_COPIED = ("cancel_url", "discounts", "expires_at", "redirect_on_completion", "return_url", "ui_mode")


def take_consent(session: Record, answer: str) -> None:
    """Keep at once whether the buyer wants to hear from the shop: most who leave never pay."""
    body = session.body
    if inner(body, "consent_collection", "promotions") != "auto":
        raise invalid("This order does not ask for consent to promotions.", param="consent[promotions]")
    if answer not in _ANSWERS:
        raise invalid("Invalid consent: must be one of opt_in or opt_out", param="consent[promotions]")
    body["consent"] = {"promotions": answer, "terms_of_service": None}


def add_recovery(work: UnitOfWork, session: Record) -> None:
    """Give a session that has just expired its address, where the shop asked for one."""
    body = session.body
    recovery = inner(body, "after_expiration", "recovery")
    if not recovery or not recovery["enabled"]:
        return
    code = new_id("test_")
    session.private["recovery_code"] = code
    recovery.update(url=f"{session.private['base_url']}/r/{code}", expires_at=work.now + _DAYS_SECONDS)
    _name_buyer(body, collected(session)["email"] or body["customer_email"])


def _name_buyer(body: Json, email: str | None) -> None:
    if email:
        body["customer_details"] = {
            **dict.fromkeys(("address", "business_name", "individual_name", "name", "phone")),
            "email": email,
            "tax_exempt": "none",
            "tax_ids": None,
        }


def find_recoverable(work: UnitOfWork, code: str) -> Record | None:
    query = Query(kind="checkout.session", sql=("json_extract(private, '$.recovery_code') = ?",), values=(code,))
    session = work.records.find_newest(query)
    if session is None or session.body["after_expiration"]["recovery"]["expires_at"] <= work.now:
        return None
    return session


def recover(work: UnitOfWork, session: Record) -> Record:
    """Open a copy of an expired session, at the prices of today's Stripe, on a page of its own."""
    params = {name: value for name, value in session.private["params"].items() if name not in _NOT_COPIED}
    params["success_url"] = session.private["params"].get("success_url") or session.body["return_url"]
    if session.body["after_expiration"]["recovery"]["allow_promotion_codes"]:
        params["allow_promotion_codes"] = True
    copy = open_session(work, params)
    copy.body["recovered_from"] = session.id
    if session.body["customer_details"]:
        copy.private["prefilled_email"] = session.body["customer_details"]["email"]
    work.records.save(copy)
    return copy
