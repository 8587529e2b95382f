"""What a buyer saved at their Customer: shown where the session says so, kept where asked, taken away again."""

from storefront.devtools.sandbox.api.errors import invalid
from storefront.devtools.sandbox.api.members import copied, hash_of, inner
from storefront.devtools.sandbox.checkout.offered import offered_types
from storefront.devtools.sandbox.storage.records import Json, Query, Record
from storefront.devtools.sandbox.storage.unit_of_work import UnitOfWork

_MOST_SHOWN = 50
_REUSABLE = ("bacs_debit", "card", "sepa_debit", "us_bank_account")


def gets_customer(params: Json) -> bool:
    return "customer" in params or params.get("customer_creation") == "always"


def check_saved_options(params: Json) -> None:
    """Refuse to offer to save where no Customer can keep it."""
    given = hash_of(params, "saved_payment_method_options")
    if given and not gets_customer(params):
        raise invalid(
            "`saved_payment_method_options` needs a `customer`, or `customer_creation: always`.",
            param="saved_payment_method_options",
            is_stored=False,
        )


def saved_options(params: Json) -> Json | None:
    """Return the member of a new session; without a Customer there is none."""
    given = params.get("saved_payment_method_options")
    if given is None and "customer" not in params:
        return None
    options = given or {}
    return {
        "allow_redisplay_filters": options.get("allow_redisplay_filters") or ["always"],
        "payment_method_remove": options.get("payment_method_remove", "disabled"),
        "payment_method_save": options.get("payment_method_save"),
    }


def offers_to_save(session: Record) -> bool:
    return bool(inner(session.body, "saved_payment_method_options", "payment_method_save") == "enabled")


def may_be_removed(session: Record) -> bool:
    return bool(inner(session.body, "saved_payment_method_options", "payment_method_remove") == "enabled")


def shown_methods(work: UnitOfWork, session: Record) -> list[Json]:
    """Return the cards that the page shows, newest first: of this Customer alone, and with a fitting redisplay."""
    customer = session.body["customer"]
    if customer is None or "card" not in offered_types(session):
        return []
    filters = inner(session.body, "saved_payment_method_options", "allow_redisplay_filters") or []
    where = (("customer", customer), ("type", "card"))
    records, _ = work.records.page(Query(kind="payment_method", limit=_MOST_SHOWN, where=where))
    return [
        {"id": record.id, "name": record.body["billing_details"]["name"], **_card_of(record.body["card"])}
        for record in records
        if record.body["allow_redisplay"] in filters
    ]


def _card_of(card: Json) -> Json:
    return copied(card, ("brand", "exp_month", "exp_year", "last4"))


def check_own(session: Record, method: Record) -> None:
    """Refuse what another Customer keeps."""
    if method.body["customer"] not in (None, session.body["customer"]):
        raise invalid(
            "The payment method supplied does not belong to the customer of this Checkout Session.",
            param="payment_method",
        )


def remove_shown(work: UnitOfWork, session: Record, method_id: str) -> None:
    """Take a saved method away, as its buyer does on the page."""
    is_shown = any(method["id"] == method_id for method in shown_methods(work, session))
    if not is_shown or not may_be_removed(session):
        raise invalid("This payment method cannot be removed here.", param="detach_payment_method")
    detach(work, work.records.get("payment_method", method_id))


def note_wish(session: Record, params: Json) -> None:
    """Keep on the session whether the buyer ticked the box."""
    session.private["saves_method"] = offers_to_save(session) and bool(params.get("save_payment_method"))


def _redisplay(session: Record) -> str | None:
    """None where neither the buyer nor the shop asked to keep anything."""
    if session.private.get("saves_method"):
        return "always"
    return "limited" if session.private["payment_intent_data"].get("setup_future_usage") else None


def keep_method(work: UnitOfWork, session: Record, intent: Record | None) -> None:
    """Attach what was paid with, where the buyer asked for it (shown always) or the shop did (limited)."""
    customer = session.body["customer"]
    redisplay = _redisplay(session)
    if intent is None or customer is None or redisplay is None:
        return
    method = work.records.get("payment_method", intent.body["payment_method"])
    if method.body["type"] not in _REUSABLE or method.body["customer"] is not None:
        return
    method.body.update(customer=customer, allow_redisplay=redisplay)
    work.records.save(method)
    work.emit("payment_method.attached", method.body)


def detach(work: UnitOfWork, method: Record) -> None:
    """Give a method back: it can never be used again."""
    customer = method.body["customer"]
    method.private["was_detached"] = True
    method.body["customer"] = None
    work.records.save(method)
    work.emit("payment_method.detached", method.body, {"customer": customer})


def detach_all(work: UnitOfWork, customer_id: str) -> None:
    """Do so with all that a Customer keeps, before it is deleted."""
    query = Query(kind="payment_method", limit=100, where=(("customer", customer_id),))
    for method in work.records.page(query)[0]:
        detach(work, method)
