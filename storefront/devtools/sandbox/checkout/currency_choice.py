"""The buyer's own currency on a page with Elements: where the page allows it, and what the buyer chose."""

from decimal import Decimal

from storefront.devtools.sandbox.api.errors import invalid
from storefront.devtools.sandbox.checkout.collected import collected, fixed_email
from storefront.devtools.sandbox.checkout.custom_amounts import find_custom_line
from storefront.devtools.sandbox.money import exponent
from storefront.devtools.sandbox.payments.presentment import presentment_of
from storefront.devtools.sandbox.storage.records import Json, Record
from storefront.devtools.sandbox.storage.unit_of_work import UnitOfWork


def allow_own_currency(session: Record, *, allowed: bool) -> None:
    """Keep whether the page shows prices in the buyer's currency, which Stripe.js asks of it."""
    session.private["allows_own_currency"] = allowed


def currency_options(work: UnitOfWork, session: Record) -> list[Json] | None:
    """Return the shop's currency and the buyer's, with what is due in each; null where there is only one."""
    details = _offered(work, session, fixed_email(work, session) or collected(session)["email"] or "")
    if details is None or not session.body["amount_total"]:
        return None
    own, local = session.body["currency"], details["presentment_currency"]
    due, converted = session.body["amount_total"], details["presentment_amount"]
    rate = Decimal(converted).scaleb(-exponent(local)) / Decimal(due).scaleb(-exponent(own))
    conversion = {"fx_rate": float(round(rate, 6)), "source_currency": own}
    return [_option(own, due, None), _option(local, converted, conversion)]


def _option(currency: str, amount: int, conversion: Json | None) -> Json:
    return {"currency": currency, "amount": amount, "digits": exponent(currency), "conversion": conversion}


def choose_currency(work: UnitOfWork, session: Record, currency: str) -> None:
    options = currency_options(work, session) or [{"currency": session.body["currency"]}]
    if currency not in [option["currency"] for option in options]:
        raise invalid(f"This order cannot be paid in `{currency}`.", param="updated_currency")
    session.private["chosen_currency"] = currency


def chosen_currency(work: UnitOfWork, session: Record) -> str:
    """Return what the buyer pays in: their own currency unless they chose the shop's."""
    options = currency_options(work, session)
    if options is None:
        return str(session.body["currency"])
    return str(session.private.get("chosen_currency") or options[-1]["currency"])


def presented(work: UnitOfWork, session: Record, email: str) -> Json | None:
    """Return Stripe's `presentment_details`; a page with Elements has a say in it, other forms have none."""
    if session.private.get("chosen_currency") == session.body["currency"]:
        return None
    return _offered(work, session, email)


def _offered(work: UnitOfWork, session: Record, email: str) -> Json | None:
    if session.body["ui_mode"] == "elements" and not session.private.get("allows_own_currency"):
        return None
    is_custom = find_custom_line(work, session) is not None
    return presentment_of(session.body, email, is_custom=is_custom)
