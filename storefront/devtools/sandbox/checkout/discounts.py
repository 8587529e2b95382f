"""Coupons and promotion codes on a session: what applies, and why not."""

from storefront.devtools.sandbox.api.errors import StripeApiError, invalid, no_such
from storefront.devtools.sandbox.checkout.totals import compute, discount_for
from storefront.devtools.sandbox.ids import new_id
from storefront.devtools.sandbox.money import minimum_charge
from storefront.devtools.sandbox.resources.coupons import is_usable
from storefront.devtools.sandbox.resources.promotion_codes import find_active_code
from storefront.devtools.sandbox.storage.records import Json, Record
from storefront.devtools.sandbox.storage.unit_of_work import UnitOfWork


def attach(work: UnitOfWork, session: Record, discount: Json) -> None:
    """What the shop passed in `discounts[0]`."""
    if "coupon" in discount:
        coupon = work.records.find("coupon", discount["coupon"])
        if coupon is None or coupon.deleted:
            raise no_such("coupon", discount["coupon"], "discounts[0][coupon]")
        if not is_usable(coupon, work.now):
            raise invalid("This coupon is no longer valid.", param="discounts[0][coupon]", code="coupon_expired")
        _check_currency(session, coupon, "discounts[0][coupon]")
        _use(work, session, coupon.id, None)
        return
    code = work.records.find("promotion_code", discount.get("promotion_code", ""))
    if code is None:
        raise no_such("promotion code", discount.get("promotion_code", ""), "discounts[0][promotion_code]")
    _use(work, session, _usable_coupon(work, session, code, "discounts[0][promotion_code]").id, code)


def apply_code(work: UnitOfWork, session: Record, text: str) -> None:
    """What the buyer typed; "" takes the discount off. The message is for the buyer."""
    if text == "":
        _use(work, session, None, None)
        return
    code = find_active_code(work, text.strip())
    if code is None:
        raise _code_error("This code is invalid.", "promotion_code_invalid")
    coupon = _usable_coupon(work, session, code, "promotion_code")
    total = session.body["amount_subtotal"] - discount_for(
        coupon.body, session.body["amount_subtotal"], session.body["currency"]
    )
    if 0 < total < minimum_charge(session.body["currency"]):
        raise _code_error(
            "This code can't be used with an order this small.", "promotion_code_amount_insufficient"
        )
    _use(work, session, coupon.id, code)


def discount_object(session: Record) -> Json | None:
    """The `di_…` that expanded breakdowns show."""
    private = session.private
    if private["coupon"] is None:
        return None
    return {
        "id": private["discount_id"],
        "object": "discount",
        "checkout_session": session.id,
        "customer": session.body["customer"],
        "customer_account": None,
        "end": None,
        "invoice": None,
        "invoice_item": None,
        "promotion_code": private["promotion_code"],
        "source": {"coupon": private["coupon"], "type": "coupon"},
        "start": private["discount_start"],
        "subscription": None,
        "subscription_item": None,
    }


def _use(work: UnitOfWork, session: Record, coupon_id: str | None, code: Record | None) -> None:
    session.private["coupon"] = coupon_id
    session.private["promotion_code"] = None if code is None else code.id
    session.private["discount_id"] = new_id("di_1")
    session.private["discount_start"] = work.now
    if coupon_id is None:
        session.body["discounts"] = []
    elif code is not None:
        session.body["discounts"] = [{"coupon": None, "promotion_code": code.id}]
    else:
        session.body["discounts"] = [{"coupon": coupon_id, "promotion_code": None}]
    compute(work, session)


def _usable_coupon(work: UnitOfWork, session: Record, code: Record, param: str) -> Record:
    body = code.body
    coupon = work.records.find("coupon", body["promotion"]["coupon"])
    if coupon is None or not body["active"] or coupon.deleted:
        raise _code_error("This code is invalid.", "promotion_code_invalid", param)
    if (body["expires_at"] is not None and body["expires_at"] <= work.now) or not is_usable(coupon, work.now):
        raise _code_error("This code has expired.", "promotion_code_expired", param)
    if body["customer"] is not None and body["customer"] != session.body["customer"]:
        raise _code_error("This code is invalid.", "promotion_code_customer_mismatch", param)
    restrictions = body["restrictions"]
    if restrictions["first_time_transaction"] and session.body["customer"] is None:
        raise _code_error("This code is invalid.", "promotion_code_first_time_only", param)
    least = restrictions["minimum_amount"]
    if least is not None and (
        restrictions["minimum_amount_currency"] != session.body["currency"]
        or session.body["amount_subtotal"] < least
    ):
        raise _code_error(
            "Your order does not reach the amount this code asks for.", "promotion_code_minimum_not_met", param
        )
    _check_currency(session, coupon, param)
    return coupon


def _check_currency(session: Record, coupon: Record, param: str) -> None:
    currency = coupon.body["currency"]
    if currency is not None and currency != session.body["currency"]:
        raise _code_error("This code can't be used in this currency.", "promotion_code_currency_mismatch", param)


def _code_error(message: str, code: str, param: str = "promotion_code") -> StripeApiError:
    return invalid(message, param=param, code=code)
