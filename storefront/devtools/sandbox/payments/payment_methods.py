"""PaymentMethods: from card data, tokens, IBANs or account numbers; `pm_card_…` ids made real on use."""

import hashlib
import time
from collections.abc import Callable

from storefront.devtools.sandbox.api.addresses import full_address
from storefront.devtools.sandbox.api.errors import StripeApiError, invalid, missing, no_such
from storefront.devtools.sandbox.api.members import copied_or_null, hash_of, inner
from storefront.devtools.sandbox.api.parameter_checks import get_named, require
from storefront.devtools.sandbox.api.updates import new_metadata
from storefront.devtools.sandbox.ids import new_id
from storefront.devtools.sandbox.payments.stripe_test_cards import (
    ACH_ACCOUNTS,
    ACH_ROUTING_NUMBER,
    BACS_ACCOUNTS,
    BACS_SORT_CODE,
    BANK_NAMES,
    CARDS,
    IBANS,
    BankAccount,
    Card,
    number_of,
    passes_luhn,
    passes_mod97,
)
from storefront.devtools.sandbox.storage.records import Json, Record
from storefront.devtools.sandbox.storage.unit_of_work import UnitOfWork

_BRANDS = {"5": "mastercard", "3": "amex"}
_ACCOUNT_MEMBERS = {"bacs_debit": "account_number", "sepa_debit": "iban", "us_bank_account": "account_number"}
_ACCOUNTS = {"bacs_debit": BACS_ACCOUNTS, "sepa_debit": IBANS, "us_bank_account": ACH_ACCOUNTS}
# Methods that need nothing but a name and an address, and a well-known test name each.
_BARE = ("customer_balance", "eps", "klarna", "konbini", "multibanco", "oxxo")
_WALLETS = ("apple_pay", "google_pay")


def add_method(work: UnitOfWork, params: Json) -> Record:
    """Make one from the parameters of `POST /v1/payment_methods`."""
    require(params, "type")
    kind = params["type"]
    if kind not in _READERS:
        raise invalid(f"The local sandbox has no payment method of type {kind}.", param="type")
    if kind not in _BARE:
        require(params, kind)
    detail, number = _READERS[kind](params.get(kind) or {})
    _check_konbini(kind, params)
    body: Json = {
        "id": new_id("pm_1"),
        "object": "payment_method",
        "allow_redisplay": params.get("allow_redisplay", "unspecified"),
        "billing_details": _billing_details(hash_of(params, "billing_details")),
        "created": work.now,
        "customer": None,
        "customer_account": None,
        "livemode": False,
        "metadata": new_metadata(params),
        "type": kind,
        kind: detail,
    }
    private: Json = {"number": number}
    if kind == "bacs_debit":
        private["mandate_refused"] = BACS_ACCOUNTS[number].mandate_refused
    return work.records.add(body, private)


def _check_konbini(kind: str, params: Json) -> None:
    """Refuse the two test numbers that Stripe refuses (https://docs.stripe.com/payments/konbini)."""
    phone = inner(params, "billing_details", "phone")
    if kind == "konbini" and phone in {"01234567890", "00000000000"}:
        code = "payment_method_provider_decline" if phone == "01234567890" else "parameter_invalid"
        raise invalid(
            "The convenience store does not take this phone number.", param="billing_details[phone]", code=code
        )


def _billing_details(given: Json) -> Json:
    address = full_address(given.get("address"))
    return {"address": address, **copied_or_null(given, ("email", "name", "phone", "tax_id"))}


def find_method(work: UnitOfWork, name: str, param: str = "payment_method") -> Record:
    """Return a stored method, or a fresh one for Stripe's well-known test ids; raise Stripe's 400."""
    params = _well_known_params(name)
    if params is not None:
        return add_method(work, params)
    method = get_named(work, "payment_method", name, param, "PaymentMethod")
    if method.private.get("was_detached"):
        raise invalid("This PaymentMethod was detached from its customer and cannot be used again.", param=param)
    return method


def get_account(method: Record) -> BankAccount:
    """Return the test account behind a method that is no card."""
    return _ACCOUNTS[method.body["type"]][method.private["number"]]


def _well_known_params(name: str) -> Json | None:
    number = number_of(name) if name.startswith("pm_card_") else None
    if number is not None:
        return {"type": "card", "card": {"number": number}}
    if name in _WALLETS:
        return {"type": "card", "card": {"token": "tok_visa", "wallet": name}}
    if name in _BARE:
        return {"type": name}
    if name == "boleto":
        return {"type": name, name: {"tax_id": "000.000.000-00"}}
    if name not in BANK_NAMES:
        return None
    kind, account = BANK_NAMES[name]
    return {"type": kind, kind: {_ACCOUNT_MEMBERS[kind]: account}}


def _card(params: Json) -> tuple[Json, str]:
    number = _card_number(params)
    card = CARDS.get(number) or Card(number=number, brand=_BRANDS.get(number[0], "visa"))
    brand = card.brand
    return {
        "brand": brand,
        "checks": {
            "address_line1_check": None,
            "address_postal_code_check": card.postal_code_check,
            "cvc_check": card.cvc_check,
        },
        "country": "US",
        "display_brand": "american_express" if brand == "amex" else brand,
        "exp_month": params.get("exp_month", 12),
        "exp_year": _year(params.get("exp_year", 2034)),
        "fingerprint": _fingerprint(number),
        "funding": "debit" if number == "4000056655665556" else "credit",
        "generated_from": None,
        "last4": number[-4:],
        "networks": {"available": [brand], "preferred": None},
        "regulated_status": "unregulated",
        "three_d_secure_usage": {"supported": card.knows_3ds},
        "wallet": _wallet(params.get("wallet"), number),
    }, number


def _wallet(name: str | None, number: str) -> Json | None:
    """Return the test wallet that the card was taken from; only the sandbox's own page names one."""
    if name is None:
        return None
    if name not in _WALLETS:
        raise invalid(f"Invalid wallet: must be one of {', '.join(_WALLETS)}", param="wallet")
    return {name: {}, "dynamic_last4": number[-4:], "type": name}


def _card_number(params: Json) -> str:
    if "token" not in params:
        number = params.get("number", "").replace(" ", "").replace("-", "")
        _check_card(params, number)
        return str(number)
    known = number_of(params["token"])
    if known is None:
        raise no_such("token", params["token"], "card[token]")
    return known


def _check_expiry(params: Json) -> None:
    now = time.gmtime()
    month, year = params.get("exp_month", 12), _year(params.get("exp_year", now.tm_year))
    if not 1 <= month <= 12:
        raise _bad_card("invalid_expiry_month", "Your card's expiration month is invalid.", "exp_month")
    if not (now.tm_year, now.tm_mon) <= (year, month) <= (now.tm_year + 50, 12):
        raise _bad_card("invalid_expiry_year", "Your card's expiration year is invalid.", "exp_year")


def _check_card(params: Json, number: str) -> None:
    if not number:
        raise missing("card[number]")
    if not _is_card_number(number):
        raise _bad_card("incorrect_number", "Your card number is incorrect.", "number")
    _check_expiry(params)
    if not _is_security_code(params.get("cvc", "000")):
        raise _bad_card("invalid_cvc", "Your card's security code is invalid.", "cvc")


def _is_card_number(number: str) -> bool:
    return number.isdigit() and 12 <= len(number) <= 19 and passes_luhn(number)


def _is_security_code(cvc: str) -> bool:
    return cvc.isdigit() and len(cvc) in {3, 4}


def _year(year: int) -> int:
    return year + 2000 if year < 100 else year


def _bad_card(code: str, message: str, member: str) -> StripeApiError:
    return StripeApiError(402, message, kind="card_error", code=code, param=member)


def _sepa(params: Json) -> tuple[Json, str]:
    iban = params.get("iban", "").replace(" ", "").upper()
    _check_iban(iban)
    return {
        "bank_code": iban[4:9] if iban[:2] == "AT" else iban[4:12],
        "branch_code": "",
        "country": iban[:2],
        "fingerprint": _fingerprint(iban),
        "generated_from": {"charge": None, "setup_attempt": None},
        "last4": iban[-4:],
    }, iban


def _check_iban(iban: str) -> None:
    if not iban:
        raise missing("sepa_debit[iban]")
    if len(iban) < 15 or not passes_mod97(iban):
        raise invalid(
            "The IBAN you provided is invalid.", param="sepa_debit[iban]", code="invalid_bank_account_iban"
        )
    if iban not in IBANS:
        raise invalid(
            "You must use a test bank account number in test mode. Try DE89370400440532013000 or find more at"
            " https://stripe.com/docs/testing.",
            param="sepa_debit[iban]",
            code="invalid_bank_account_iban",
        )


def _ach(params: Json) -> tuple[Json, str]:
    number, routing = params.get("account_number", ""), params.get("routing_number", ACH_ROUTING_NUMBER)
    if not number:
        raise missing("us_bank_account[account_number]")
    if number not in ACH_ACCOUNTS or routing != ACH_ROUTING_NUMBER:
        raise invalid(
            "You must use a test bank account number in test mode. Try 000123456789 with routing number"
            " 110000000.",
            param="us_bank_account[account_number]",
            code="account_number_invalid",
        )
    return {
        "account_holder_type": params.get("account_holder_type", "individual"),
        "account_type": params.get("account_type", "checking"),
        "bank_name": "STRIPE TEST BANK",
        "financial_connections_account": None,
        "fingerprint": _fingerprint(number),
        "last4": number[-4:],
        "networks": {"preferred": "ach", "supported": ["ach"]},
        "routing_number": routing,
        "status_details": {},
    }, number


def _bacs(params: Json) -> tuple[Json, str]:
    number, sort_code = params.get("account_number", ""), params.get("sort_code", BACS_SORT_CODE).replace("-", "")
    if not number:
        raise missing("bacs_debit[account_number]")
    if number not in BACS_ACCOUNTS or sort_code != BACS_SORT_CODE:
        raise invalid(
            "You must use a test bank account number in test mode. Try 00012345 with sort code 108800.",
            param="bacs_debit[account_number]",
            code="account_number_invalid",
        )
    return {"fingerprint": _fingerprint(number), "last4": number[-4:], "sort_code": sort_code}, number


def _boleto(params: Json) -> tuple[Json, str]:
    """Take a CPF or CNPJ by its number of digits; Stripe's test numbers are all zeros."""
    tax_id = params.get("tax_id", "")
    if not tax_id:
        raise missing("boleto[tax_id]")
    if sum(map(str.isdigit, tax_id)) not in {11, 14}:
        raise invalid("The tax ID is invalid. Try 000.000.000-00.", param="boleto[tax_id]", code="tax_id_invalid")
    return {"tax_id": tax_id}, ""


def _nothing(_params: Json) -> tuple[Json, str]:
    return {}, ""


# Return what Stripe shows of the instrument, and its number, which Stripe does not show.
_READERS: dict[str, Callable[[Json], tuple[Json, str]]] = {
    **dict.fromkeys(_BARE, _nothing),
    "bacs_debit": _bacs,
    "boleto": _boleto,
    "eps": lambda _params: ({"bank": None}, ""),
    "klarna": lambda _params: ({"dob": None}, ""),
    "card": _card,
    "sepa_debit": _sepa,
    "us_bank_account": _ach,
}


def _fingerprint(number: str) -> str:
    return hashlib.sha256(f"sandbox:{number}".encode()).hexdigest()[:16]
