"""Vouchers: a number that the buyer pays at a shop, a machine or a bank, until a day and hour of their country.

Test buyers say how it goes (https://docs.stripe.com/testing): the local part of the email address ends in
`succeed_immediately`, `expire_immediately`, `expire_with_delay` or `fill_never`.
"""

import secrets
import time
from enum import StrEnum

from storefront.devtools.sandbox.storage.records import Json, Record
from storefront.devtools.sandbox.storage.unit_of_work import UnitOfWork

DAY_SECONDS = 86_400
_HOUR_SECONDS = 3600
# Hours that the method's country is ahead of UTC; none of the three has summer time.
_HOURS_AHEAD = {"boleto": -3, "oxxo": -6, "konbini": 9}
_USUAL_DAYS = 3
_MULTIBANCO_DAYS = 7
# A Multibanco payment may still arrive after its number has ended.
MULTIBANCO_GRACE_SECONDS = 4 * DAY_SECONDS
_DELAY_SECONDS = 180
_STORES = ("familymart", "lawson", "ministop", "seicomart")


class VoucherEnd(StrEnum):
    """What a test buyer does with the voucher; the values end the local part of their address."""

    PAYS_SOON = ""
    PAYS_AT_ONCE = "succeed_immediately"
    EXPIRES_AT_ONCE = "expire_immediately"
    EXPIRES_SOON = "expire_with_delay"
    NEVER_PAYS = "fill_never"


_BY_PHONE = {
    "11111111110": VoucherEnd.PAYS_SOON,
    "22222222220": VoucherEnd.PAYS_AT_ONCE,
    "33333333330": VoucherEnd.EXPIRES_AT_ONCE,
    "44444444440": VoucherEnd.EXPIRES_SOON,
    "55555555550": VoucherEnd.NEVER_PAYS,
}


def planned_end(method: Record) -> VoucherEnd:
    billing = method.body["billing_details"]
    phone = billing["phone"] or ""
    if method.body["type"] == "konbini" and phone in _BY_PHONE:
        return _BY_PHONE[phone]
    return _end_by_email(billing["email"] or "")


def _end_by_email(email: str) -> VoucherEnd:
    local_part = email.partition("@")[0]
    ends = (end for end in VoucherEnd if end and local_part.endswith(end.value))
    return next(ends, VoucherEnd.PAYS_SOON)


def next_action(work: UnitOfWork, intent: Record, method: Record) -> Json:
    """Return what tells the buyer where and until when to pay."""
    kind = method.body["type"]
    ends = work.now if planned_end(method) is VoucherEnd.EXPIRES_AT_ONCE else _expiry(work, intent, kind)
    url = f"{work.base_url}/vouchers/{intent.id}"
    name = f"{kind}_display_details"
    return {"type": name, name: {"hosted_voucher_url": url, **_slip(kind, url, ends)}}


def _slip(kind: str, url: str, ends: int) -> Json:
    if kind == "oxxo":
        return {"expires_after": ends, "number": _digits(14)}
    if kind == "multibanco":
        return {"entity": "21800", "expires_at": ends, "reference": _digits(9)}
    if kind == "konbini":
        codes = {store: {"confirmation_number": _digits(11), "payment_code": _digits(6)} for store in _STORES}
        return {"expires_at": ends, "stores": codes}
    return {"expires_at": ends, "number": _digits(47), "pdf": f"{url}?format=pdf"}


def expires_at(intent: Record) -> int:
    """Return when the shown voucher ends, in Unix seconds."""
    action = intent.body["next_action"]
    details = action[action["type"]]
    return int(details.get("expires_at") or details["expires_after"])


def charge_details(intent: Record, method: Record) -> Json:
    """Return what the charge of a paid voucher says of it."""
    action = intent.body["next_action"] or intent.private["voucher"]
    shown = action[action["type"]]
    kind = method.body["type"]
    if kind == "boleto":
        return {"tax_id": method.body["boleto"]["tax_id"]}
    if kind == "oxxo":
        return {"number": shown["number"]}
    if kind == "multibanco":
        return {"entity": shown["entity"], "reference": shown["reference"]}
    return {"store": {"chain": "familymart"}}


def plan(work: UnitOfWork, intent: Record, method: Record) -> None:
    """Set the timers: the payment that comes, and the hour at which the voucher ends in any case."""
    end = planned_end(method)
    work.set_timer("voucher", intent.id, expires_at(intent))
    if end is VoucherEnd.PAYS_AT_ONCE:
        work.set_timer("settle", intent.id, work.now)
    elif end is VoucherEnd.PAYS_SOON:
        work.settle_later("settle", intent.id)
    elif end is VoucherEnd.EXPIRES_SOON:
        work.set_timer("voucher", intent.id, work.now + _DELAY_SECONDS)


def drop_plan(work: UnitOfWork, intent: Record) -> None:
    for timer in ("settle", "voucher"):
        work.drop_timer(timer, intent.id)


def _expiry(work: UnitOfWork, intent: Record, kind: str) -> int:
    if kind == "multibanco":
        return work.now + _MULTIBANCO_DAYS * DAY_SECONDS
    options = intent.body["payment_method_options"].get(kind) or {}
    days = options.get("expires_after_days")
    ahead = _HOURS_AHEAD[kind] * _HOUR_SECONDS
    local_midnight = (work.now + ahead) // DAY_SECONDS * DAY_SECONDS
    last_day = local_midnight + (_USUAL_DAYS if days is None else days) * DAY_SECONDS
    return int(last_day + DAY_SECONDS - (1 if kind == "konbini" else 60) - ahead)


def _digits(count: int) -> str:
    return "".join(secrets.choice("0123456789") for _ in range(count))


def day_of(seconds: int, kind: str) -> str:
    """Write the last moment in the voucher's own country, for its page."""
    hours = _HOURS_AHEAD.get(kind, 0)
    local = time.strftime("%Y-%m-%d %H:%M", time.gmtime(seconds + hours * _HOUR_SECONDS))
    return f"{local} (UTC{hours:+d})"
