"""Charges and balance transactions: what one attempt to take money left behind."""

from decimal import Decimal
from typing import Any

from storefront.devtools.sandbox.ids import new_id, random_text
from storefront.devtools.sandbox.money import converted, exponent, rounded, settle_in
from storefront.devtools.sandbox.payments.declines import BANK_FAILURES, Decline
from storefront.devtools.sandbox.payments.kinds import Course, course_of
from storefront.devtools.sandbox.payments.stripe_test_cards import CARDS
from storefront.devtools.sandbox.payments.vouchers import charge_details
from storefront.devtools.sandbox.storage.records import Json, Record
from storefront.devtools.sandbox.storage.unit_of_work import UnitOfWork

_WEEK_SECONDS = 7 * 86_400
_RISK_SCORES = {"normal": 21, "elevated": 68, "highest": 92}
# What a charge repeats of its payment method.
_SHOWN = {
    "card": ("brand", "checks", "country", "exp_month", "exp_year", "fingerprint", "funding", "last4"),
    "bacs_debit": ("fingerprint", "last4", "sort_code"),
    "sepa_debit": ("bank_code", "branch_code", "country", "fingerprint", "last4"),
    "us_bank_account": (
        "account_holder_type",
        "account_type",
        "bank_name",
        "fingerprint",
        "last4",
        "routing_number",
    ),
}


def new_charge(
    work: UnitOfWork,
    intent: Record,
    method: Record,
    *,
    status: str,
    authenticated: bool,
    mandate: str | None = None,
) -> Record:
    """Make a charge that is not stored yet; `status` is succeeded, pending or failed."""
    body, is_card = intent.body, method.body["type"] == "card"
    charge_id = new_id("ch_3" if is_card else "py_3")
    captured = body["amount"] if status == "succeeded" else 0
    presentment = {name: body[name] for name in ("presentment_details",) if name in body}
    return Record(
        body={
            "id": charge_id,
            "object": "charge",
            **presentment,
            "amount": body["amount"],
            "amount_captured": captured,
            "amount_refunded": 0,
            "application": None,
            "application_fee": None,
            "application_fee_amount": None,
            "balance_transaction": None,
            "billing_details": method.body["billing_details"],
            "calculated_statement_descriptor": "SANDBOX" if is_card else None,
            "captured": status != "failed",
            "created": work.now,
            "currency": body["currency"],
            "customer": body["customer"],
            "description": body["description"],
            "disputed": False,
            "failure_balance_transaction": None,
            "failure_code": None,
            "failure_message": None,
            "fraud_details": {},
            "livemode": False,
            "metadata": body["metadata"],
            "on_behalf_of": None,
            "outcome": _outcome(method, None),
            "paid": status == "succeeded",
            "payment_intent": intent.id,
            "payment_method": method.id,
            "payment_method_details": _details(intent, method, mandate, authenticated=authenticated),
            "receipt_email": body["receipt_email"],
            "receipt_number": None,
            "receipt_url": None,
            "refunded": False,
            "review": None,
            "shipping": body["shipping"],
            "source": None,
            "source_transfer": None,
            "statement_descriptor": body["statement_descriptor"],
            "statement_descriptor_suffix": body["statement_descriptor_suffix"],
            "status": status,
            "transfer_data": None,
            "transfer_group": body["transfer_group"],
        },
        private={"receipt_url": f"{work.base_url}/receipts/payment/{charge_id}"},
    )


def mark_succeeded(charge: Record) -> None:
    charge.body.update(
        status="succeeded",
        paid=True,
        captured=True,
        amount_captured=charge.body["amount"],
        receipt_url=charge.private["receipt_url"],
    )


def mark_declined(charge: Record, method: Record, decline: Decline) -> None:
    charge.body.update(
        status="failed",
        paid=False,
        captured=False,
        amount_captured=0,
        failure_code=decline.code,
        failure_message=decline.message,
        outcome=_outcome(method, decline),
    )


def mark_bank_failure(charge: Record, failure: str) -> None:
    charge.body.update(
        status="failed",
        paid=False,
        captured=False,
        amount_captured=0,
        failure_code=failure,
        failure_message=BANK_FAILURES[failure],
    )


def book(work: UnitOfWork, charge: Record) -> None:
    """Fill `balance_transaction`. Stripe does so two seconds later; here it is the payment's last event."""
    transaction = add_transaction(
        work,
        amount=charge.body["amount"],
        currency=charge.body["currency"],
        fee=_fee(charge.body["amount"], charge.body["currency"]),
        kind="charge" if charge.body["payment_method_details"]["type"] == "card" else "payment",
        category="charge",
        source=charge.id,
    )
    charge.body["balance_transaction"] = transaction.id
    work.records.save(charge)
    work.emit("charge.updated", charge.body, {"balance_transaction": None})


def add_transaction(
    work: UnitOfWork,
    *,
    amount: int,
    currency: str,
    kind: str,
    source: str,
    fee: int = 0,
    fee_name: str = "Stripe processing fees",
    category: str | None = None,
    description: str | None = None,
) -> Record:
    """Move money on the account, in minor units; `category` is for reports, and most kinds are their own.

    An account that settles in one currency gets amount and fee in that, at the rate of the day.
    """
    settled, rate = settle_in(work.settings.settles_in, currency)
    amount, fee = converted(amount, currency, settled, rate), converted(fee, currency, settled, rate)
    currency = settled
    details: list[dict[str, Any]] = []
    if fee:
        details.append(
            {
                "amount": fee,
                "application": None,
                "currency": currency,
                "description": fee_name,
                "type": "stripe_fee",
            }
        )
    return work.records.add(
        {
            "id": new_id("txn_3"),
            "object": "balance_transaction",
            "amount": amount,
            "available_on": work.now + _WEEK_SECONDS,
            "balance_type": "payments",
            "created": work.now,
            "currency": currency,
            "description": description,
            "exchange_rate": None if rate is None else float(rate),
            "fee": fee,
            "fee_details": details,
            "net": amount - fee,
            "reporting_category": category or kind,
            "source": source,
            "status": "pending",
            "type": kind,
        }
    )


def _fee(amount: int, currency: str) -> int:
    """Take 2.9 % and 30 cents, the US card price; other currencies simply get the same figures."""
    fixed = 30 if exponent(currency) == 2 else 0
    return min(rounded(Decimal(amount) * 29 / 1000, currency) + fixed, amount)


def _outcome(method: Record, decline: Decline | None) -> Json:
    if decline is None:
        return _approval(method)
    return {**_approval(method), "advice_code": decline.advice_code, **_refusal(decline)}


def _approval(method: Record) -> Json:
    risk_level = _risk_level(method)
    outcome: Json = {
        "advice_code": None,
        "network_advice_code": None,
        "network_decline_code": None,
        "network_status": "approved_by_network",
        "reason": None,
        "risk_level": risk_level,
        "seller_message": "Payment complete.",
        "type": "authorized",
    }
    if risk_level in _RISK_SCORES:
        outcome["risk_score"] = _RISK_SCORES[risk_level]
    return outcome


def _risk_level(method: Record) -> str:
    if method.body["type"] != "card":
        return "not_assessed"
    card = CARDS.get(method.private["number"])
    return card.risk_level if card else "normal"


def _refusal(decline: Decline) -> Json:
    if decline.is_blocked:
        return {
            "network_status": "not_sent_to_network",
            "reason": "highest_risk_level",
            "risk_level": "highest",
            "seller_message": "Stripe blocked this payment as too risky.",
            "type": "blocked",
        }
    return {
        "network_status": "declined_by_network",
        "reason": decline.decline_code or decline.code,
        "seller_message": "The bank did not return any further details with this decline.",
        "type": "issuer_declined",
    }


def _details(intent: Record, method: Record, mandate: str | None, *, authenticated: bool) -> Json:
    kind = method.body["type"]
    course = course_of(kind)
    if course is Course.VOUCHER:
        return {"type": kind, kind: charge_details(intent, method)}
    if course in {Course.REDIRECT, Course.TRANSFER}:
        return {"type": kind, kind: _agreed_details(method)}
    given = method.body[kind]
    shown = {name: given[name] for name in _SHOWN[kind]}
    if kind == "us_bank_account":
        return {"type": kind, kind: {**shown, "mandate": mandate, "payment_reference": None}}
    if course is Course.DEBIT:
        return {"type": kind, kind: {**shown, "mandate": mandate}}
    card = _card_details(given, intent.body["amount"], authenticated=authenticated)
    return {"type": kind, kind: {**shown, **card}}


def _agreed_details(method: Record) -> Json:
    """Return what is known of a payment that was agreed to elsewhere."""
    billing = method.body["billing_details"]
    if method.body["type"] == "klarna":
        country = billing["address"]["country"] or "DE"
        return {
            "payer_details": {"address": {"country": country}},
            "payment_method_category": "pay_later",
            "preferred_locale": "en-US",
        }
    return {"bank": None, "verified_name": billing["name"]} if method.body["type"] == "eps" else {}


def _card_details(given: Json, amount: int, *, authenticated: bool) -> Json:
    return {
        "amount_authorized": amount,
        "authorization_code": random_text(6).upper(),
        "electronic_commerce_indicator": "05" if authenticated else None,
        "extended_authorization": {"status": "disabled"},
        "incremental_authorization": {"status": "unavailable"},
        "installments": None,
        "mandate": None,
        "multicapture": {"status": "unavailable"},
        "network": given["brand"],
        "network_token": {"used": False},
        "network_transaction_id": random_text(15),
        "overcapture": {"maximum_amount_capturable": amount, "status": "unavailable"},
        "regulated_status": "unregulated",
        "three_d_secure": _three_d_secure() if authenticated else None,
        "transaction_link_id": None,
        "wallet": given["wallet"],
    }


def _three_d_secure() -> Json:
    return {
        "authentication_flow": "challenge",
        "electronic_commerce_indicator": "05",
        "exemption_indicator": None,
        "result": "authenticated",
        "result_reason": None,
        "transaction_id": random_text(32),
        "version": "2.2.0",
    }
