"""Stripe's test cards and bank accounts (https://docs.stripe.com/testing), by number, token and payment method."""

from dataclasses import dataclass
from enum import StrEnum


class RefundCourse(StrEnum):
    """What a refund to this card goes through."""

    SUCCEEDS = "succeeded"
    PENDING = "pending"  # and succeeds in a while
    BOUNCES = "failed"  # succeeds, and fails in a while


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedDispute:
    """A dispute that follows the payment at once."""

    reason: str
    status: str = "needs_response"


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """`decline` names an entry of DECLINES; with `challenges` it comes after the challenge."""

    number: str
    brand: str = "visa"
    decline: str | None = None
    challenges: bool = False
    knows_3ds: bool = True
    cvc_check: str = "pass"
    postal_code_check: str = "pass"
    risk_level: str = "normal"
    refund: RefundCourse = RefundCourse.SUCCEEDS
    planned_disputes: tuple[PlannedDispute, ...] = ()
    is_suspected: bool = False
    frees_money: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BankAccount:
    """`failure` names an entry of BANK_FAILURES; `settles=False` stays processing for ever."""

    number: str
    failure: str | None = None
    settles: bool = True
    is_blocked: bool = False
    planned_disputes: tuple[PlannedDispute, ...] = ()
    mandate_refused: bool = False


_FRAUD = PlannedDispute(reason="fraudulent")
_NOT_RECEIVED = PlannedDispute(reason="product_not_received")
_INQUIRY = PlannedDispute(reason="fraudulent", status="warning_needs_response")
_NOT_AUTHORIZED = PlannedDispute(reason="debit_not_authorized")

CARDS = {
    card.number: card
    for card in (
        Card(number="4242424242424242"),
        Card(number="4000056655665556"),
        Card(number="5555555555554444", brand="mastercard"),
        Card(number="378282246310005", brand="amex"),
        Card(number="4000000000000002", decline="generic_decline"),
        Card(number="4000000000009995", decline="insufficient_funds"),
        Card(number="4000000000009987", decline="lost_card"),
        Card(number="4000000000009979", decline="stolen_card"),
        Card(number="4000000000000069", decline="expired_card"),
        Card(number="4000000000000127", decline="incorrect_cvc", cvc_check="fail"),
        Card(number="4000000000000119", decline="processing_error"),
        Card(number="4100000000000019", decline="fraudulent", risk_level="highest"),
        Card(number="4000000000004954", decline="fraudulent", risk_level="highest"),
        Card(number="4000000000000341", decline="generic_decline"),
        Card(number="4000000000000077", frees_money=True),
        Card(number="4000000000000101", cvc_check="fail"),
        Card(number="4000000000000036", postal_code_check="fail"),
        Card(number="4000000000009235", risk_level="elevated"),
        Card(number="4000002500003155", challenges=True),
        Card(number="4000002760003184", challenges=True),
        Card(number="4000000000003220", challenges=True),
        Card(number="4000003800000446", challenges=True),
        Card(number="4000008400001629", challenges=True, decline="generic_decline"),
        Card(number="4000008260003178", challenges=True, decline="insufficient_funds"),
        Card(number="4000008400001280", decline="processing_error"),
        Card(number="4000000000003055"),
        Card(number="4000000000000259", planned_disputes=(_FRAUD,)),
        Card(number="4000000000002685", planned_disputes=(_NOT_RECEIVED,)),
        Card(number="4000000000001976", planned_disputes=(_INQUIRY,)),
        Card(number="4000000000005423", is_suspected=True),
        Card(number="4000000404000079", planned_disputes=(_FRAUD, _NOT_RECEIVED)),
        Card(number="4000000000007726", refund=RefundCourse.PENDING),
        Card(number="4000000000005126", refund=RefundCourse.BOUNCES),
    )
}

_NUMBER_OF_NAME = {
    "visa": "4242424242424242",
    "visa_debit": "4000056655665556",
    "mastercard": "5555555555554444",
    "amex": "378282246310005",
    "visa_chargeDeclined": "4000000000000002",
    "chargeDeclined": "4000000000000002",
    "visa_chargeDeclinedInsufficientFunds": "4000000000009995",
    "chargeDeclinedInsufficientFunds": "4000000000009995",
    "visa_chargeDeclinedLostCard": "4000000000009987",
    "visa_chargeDeclinedStolenCard": "4000000000009979",
    "chargeDeclinedExpiredCard": "4000000000000069",
    "chargeDeclinedIncorrectCvc": "4000000000000127",
    "chargeDeclinedProcessingError": "4000000000000119",
    "radarBlock": "4100000000000019",
    "riskLevelHighest": "4000000000004954",
    "chargeCustomerFail": "4000000000000341",
    "bypassPending": "4000000000000077",
    "cvcCheckFail": "4000000000000101",
    "avsZipFail": "4000000000000036",
    "riskLevelElevated": "4000000000009235",
    "authenticationRequiredOnSetup": "4000002500003155",
    "authenticationRequired": "4000002760003184",
    "threeDSecure2Required": "4000000000003220",
    "authenticationRequiredSetupForOffSession": "4000003800000446",
    "threeDSecureRequiredChargeDeclined": "4000008400001629",
    "threeDSecureRequiredProcessingError": "4000008400001280",
    "threeDSecureOptional": "4000000000003055",
    "createDispute": "4000000000000259",
    "createDisputeProductNotReceived": "4000000000002685",
    "createDisputeInquiry": "4000000000001976",
    "createIssuerFraudRecord": "4000000000005423",
    "createMultipleDisputes": "4000000404000079",
    "pendingRefund": "4000000000007726",
    "refundFail": "4000000000005126",
}

IBANS = {
    account.number: account
    for account in (
        BankAccount(number="AT611904300234573201"),
        BankAccount(number="AT321904300235473204"),
        BankAccount(number="AT861904300235473202", failure="generic_could_not_process"),
        BankAccount(number="AT051904300235473205", failure="generic_could_not_process"),
        BankAccount(number="AT591904300235473203", planned_disputes=(_NOT_AUTHORIZED,)),
        BankAccount(number="AT981904300000343434", failure="charge_exceeds_source_limit"),
        BankAccount(number="AT601904300000121212", failure="charge_exceeds_weekly_limit"),
        BankAccount(number="AT981904300002222227", failure="insufficient_funds"),
        BankAccount(number="DE89370400440532013000"),
        BankAccount(number="IT60X0542811101000000123456", failure="generic_could_not_process"),
    )
}

ACH_ROUTING_NUMBER = "110000000"
ACH_ACCOUNTS = {
    account.number: account
    for account in (
        BankAccount(number="000123456789"),
        BankAccount(number="000111111113", failure="account_closed"),
        BankAccount(number="000111111116", failure="no_account"),
        BankAccount(number="000222222227", failure="insufficient_funds"),
        BankAccount(number="000333333335", failure="debit_not_authorized"),
        BankAccount(number="000444444440", failure="invalid_currency"),
        BankAccount(number="000555555559", planned_disputes=(_NOT_AUTHORIZED,)),
        BankAccount(number="000777777771", failure="charge_exceeds_weekly_limit"),
        BankAccount(number="000000004954", is_blocked=True),
        BankAccount(number="000000000009", settles=False),
    )
}

BACS_SORT_CODE = "108800"
BACS_ACCOUNTS = {
    account.number: account
    for account in (
        BankAccount(number="00012345"),
        BankAccount(number="90012345"),
        BankAccount(number="33333335", failure="debit_not_authorized"),
        BankAccount(number="22222227", failure="insufficient_funds"),
        BankAccount(number="55555559", planned_disputes=(_NOT_AUTHORIZED,)),
        BankAccount(number="00033333", failure="debit_not_authorized", mandate_refused=True),
    )
}

# Names for tests that speak to the control API; Stripe has no such ids for bank debits.
BANK_NAMES = {
    "sepa_success": ("sepa_debit", "AT611904300234573201"),
    "sepa_failure": ("sepa_debit", "AT861904300235473202"),
    "sepa_fail": ("sepa_debit", "AT861904300235473202"),
    "sepa_dispute": ("sepa_debit", "AT591904300235473203"),
    "bacs_success": ("bacs_debit", "00012345"),
    "bacs_failure": ("bacs_debit", "22222227"),
    "bacs_dispute": ("bacs_debit", "55555559"),
    "ach_success": ("us_bank_account", "000123456789"),
    "ach_failure": ("us_bank_account", "000222222227"),
    "ach_fail": ("us_bank_account", "000222222227"),
    "ach_dispute": ("us_bank_account", "000555555559"),
    "ach_processing": ("us_bank_account", "000000000009"),
}


def number_of(name: str) -> str | None:
    """Return the card number behind `pm_card_visa` or `tok_visa`."""
    for prefix in ("pm_card_", "tok_"):
        if name.startswith(prefix):
            return _NUMBER_OF_NAME.get(name.removeprefix(prefix))
    return None


def passes_luhn(number: str) -> bool:
    digits = [int(digit) for digit in reversed(number)]
    doubled = [digit * 2 - 9 if digit > 4 else digit * 2 for digit in digits[1::2]]
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0


def passes_mod97(iban: str) -> bool:
    """Check an IBAN by ISO 13616: country and check digits to the end, letters as numbers, remainder 1."""
    moved = iban[4:] + iban[:4]
    return moved.isalnum() and int("".join(str(int(character, 36)) for character in moved)) % 97 == 1
