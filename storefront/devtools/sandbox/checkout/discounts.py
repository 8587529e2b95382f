"""Coupons and promotion codes on a session: what applies, and why not."""

from collections.abc import Callable
from dataclasses import dataclass

from storefront.devtools.sandbox.api.errors import StripeApiError, invalid
from storefront.devtools.sandbox.api.members import hash_of
from storefront.devtools.sandbox.api.parameter_checks import get_named, get_undeleted
from storefront.devtools.sandbox.catalog.validity import is_past, is_usable
from storefront.devtools.sandbox.checkout.totals import compute, covered_subtotals, discount_on, has_amount_in
from storefront.devtools.sandbox.ids import new_id
from storefront.devtools.sandbox.money import minimum_charge
from storefront.devtools.sandbox.resources.promotion_codes import find_active_code
from storefront.devtools.sandbox.storage.records import Json, Record
from storefront.devtools.sandbox.storage.unit_of_work import UnitOfWork


def attach(work: UnitOfWork, session: Record, discount: Json) -> None:
    """Use what the shop passed in `discounts[0]`."""
    if "coupon" in discount:
        _attach_coupon(work, session, discount["coupon"], "discounts[0][coupon]")
        return
    param = "discounts[0][promotion_code]"
    code = get_named(work, "promotion_code", discount.get("promotion_code", ""), param, "promotion code")
    _use(work, session, _usable_coupon(work, session, code, param).id, code)


def _attach_coupon(work: UnitOfWork, session: Record, coupon_id: str, param: str) -> None:
    coupon = get_undeleted(work, "coupon", coupon_id, param)
    if not is_usable(coupon, work.now):
        raise invalid("This coupon is no longer valid.", param=param, code="coupon_expired")
    if _is_in_other_currency(session, coupon):
        raise _code_error("promotion_code_currency_mismatch", param)
    if not any(covered_subtotals(work, session, coupon)):
        raise _code_error("coupon_applies_to_nothing", param)
    _use(work, session, coupon.id, None)


def apply_code(work: UnitOfWork, session: Record, text: str) -> None:
    """Use the code that the buyer typed; "" takes the discount off. Errors are for the buyer to read."""
    if text == "":
        _use(work, session, None, None)
        return
    code = find_active_code(work, text.strip())
    if code is None:
        raise _code_error("promotion_code_invalid")
    coupon = _usable_coupon(work, session, code, "promotion_code")
    if _leaves_too_little(work, session, coupon):
        raise _code_error("promotion_code_amount_insufficient")
    _use(work, session, coupon.id, code)


def _leaves_too_little(work: UnitOfWork, session: Record, coupon: Record) -> bool:
    subtotal, currency = int(session.body["amount_subtotal"]), str(session.body["currency"])
    discount = discount_on(coupon, sum(covered_subtotals(work, session, coupon)), currency)
    return 0 < subtotal - discount < minimum_charge(currency)


def discount_object(session: Record) -> Json | None:
    """Return the `di_…` that expanded breakdowns show."""
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
    session.body["discounts"] = _discounts(coupon_id, code)
    compute(work, session)


def _discounts(coupon_id: str | None, code: Record | None) -> list[Json]:
    if coupon_id is None:
        return []
    if code is None:
        return [{"coupon": coupon_id, "promotion_code": None}]
    return [{"coupon": None, "promotion_code": code.id}]


def _usable_coupon(work: UnitOfWork, session: Record, code: Record, param: str) -> Record:
    """Return the coupon of a code that may be used for this session, or raise the first reason against it."""
    coupon = work.records.find("coupon", code.body["promotion"]["coupon"])
    if coupon is None:
        raise _code_error("promotion_code_invalid", param)
    use = _CodeUse(
        code=code.body,
        more_minimums=hash_of(code.private, "currency_options"),
        coupon=coupon,
        session=session,
        covered=sum(covered_subtotals(work, session, coupon)),
        now=work.now,
    )
    for is_broken, error_code in _CODE_RULES:
        if is_broken(use):
            raise _code_error(error_code, param)
    return coupon


@dataclass(frozen=True, slots=True, kw_only=True)
class _CodeUse:
    """A promotion code that somebody wants to use for a session."""

    code: Json
    more_minimums: Json
    coupon: Record
    session: Record
    covered: int  # what the lines cost that the coupon is for
    now: int


def _is_switched_off(use: _CodeUse) -> bool:
    return not use.code["active"] or use.coupon.deleted


def _is_over(use: _CodeUse) -> bool:
    return is_past(use.code["expires_at"], use.now) or not is_usable(use.coupon, use.now)


def _is_for_another_customer(use: _CodeUse) -> bool:
    return use.code["customer"] not in {None, use.session.body["customer"]}


def _lacks_a_customer(use: _CodeUse) -> bool:
    is_first_time_only = bool(use.code["restrictions"]["first_time_transaction"])
    return is_first_time_only and use.session.body["customer"] is None


def _is_below_minimum(use: _CodeUse) -> bool:
    restrictions, order = use.code["restrictions"], use.session.body
    if restrictions["minimum_amount"] is None:
        return False
    minimums = {restrictions["minimum_amount_currency"]: restrictions["minimum_amount"]}
    minimums |= {currency: option["minimum_amount"] for currency, option in use.more_minimums.items()}
    least = minimums.get(order["currency"])
    return least is None or order["amount_subtotal"] < least


def _is_for_other_products(use: _CodeUse) -> bool:
    return use.session.body["amount_subtotal"] > 0 and use.covered == 0


def _is_for_another_currency(use: _CodeUse) -> bool:
    return _is_in_other_currency(use.session, use.coupon)


def _is_in_other_currency(session: Record, coupon: Record) -> bool:
    return coupon.body["amount_off"] is not None and not has_amount_in(coupon, session.body["currency"])


# In the order in which they are judged.
_CODE_RULES: tuple[tuple[Callable[[_CodeUse], bool], str], ...] = (
    (_is_switched_off, "promotion_code_invalid"),
    (_is_over, "promotion_code_expired"),
    (_is_for_another_customer, "promotion_code_customer_mismatch"),
    (_lacks_a_customer, "promotion_code_first_time_only"),
    (_is_below_minimum, "promotion_code_minimum_not_met"),
    (_is_for_another_currency, "promotion_code_currency_mismatch"),
    (_is_for_other_products, "coupon_applies_to_nothing"),
)
_MESSAGES = {
    "coupon_applies_to_nothing": "This code does not apply to anything in this order.",
    "promotion_code_amount_insufficient": "This code can't be used with an order this small.",
    "promotion_code_currency_mismatch": "This code can't be used in this currency.",
    "promotion_code_customer_mismatch": "This code is invalid.",
    "promotion_code_expired": "This code has expired.",
    "promotion_code_first_time_only": "This code is invalid.",
    "promotion_code_invalid": "This code is invalid.",
    "promotion_code_minimum_not_met": "Your order does not reach the amount this code asks for.",
}


def _code_error(code: str, param: str = "promotion_code") -> StripeApiError:
    return invalid(_MESSAGES[code], param=param, code=code)
