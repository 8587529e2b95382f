"""Why a test payment fails: code, decline code, text for the buyer, and what the charge records.

Source: https://docs.stripe.com/testing and https://docs.stripe.com/declines/codes.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Decline:
    code: str
    message: str
    decline_code: str | None = None
    advice_code: str | None = None
    is_blocked: bool = False


_DECLINED = "Your card was declined."

DECLINES = {
    "generic_decline": Decline(
        code="card_declined",
        decline_code="generic_decline",
        message=_DECLINED,
        advice_code="try_again_later",
    ),
    "insufficient_funds": Decline(
        code="card_declined",
        decline_code="insufficient_funds",
        message="Your card has insufficient funds.",
        advice_code="try_again_later",
    ),
    "lost_card": Decline(
        code="card_declined", decline_code="lost_card", message=_DECLINED, advice_code="do_not_try_again"
    ),
    "stolen_card": Decline(
        code="card_declined", decline_code="stolen_card", message=_DECLINED, advice_code="do_not_try_again"
    ),
    "expired_card": Decline(code="expired_card", message="Your card has expired."),
    "incorrect_cvc": Decline(code="incorrect_cvc", message="Your card's security code is incorrect."),
    "processing_error": Decline(
        code="processing_error",
        message="An error occurred while processing your card. Try again in a little bit.",
    ),
    "fraudulent": Decline(code="card_declined", decline_code="fraudulent", message=_DECLINED, is_blocked=True),
    "test_mode_live_card": Decline(
        code="card_declined",
        decline_code="test_mode_live_card",
        message=f"{_DECLINED} Your request was in test mode, but used a non test card.",
    ),
}

# What a bank answers days later; the text is for the shop, the buyer is gone.
BANK_FAILURES = {
    "generic_could_not_process": "The payment could not be processed by the bank.",
    "insufficient_funds": "The customer's account has insufficient funds to cover this payment.",
    "refer_to_customer": "The bank has refused the payment: the customer should ask them why.",
    "debit_disputed": "The customer has disputed the payment with their bank.",
    "authorization_revoked": "The customer has told their bank to allow no more payments.",
    "debit_authorization_not_match": "The mandate does not match what the customer's bank has on file.",
    "bank_account_restricted": "The customer's bank account does not allow this kind of payment.",
    "recipient_deceased": "The bank says that the account's holder is no longer alive.",
    "invalid_account_number": "The customer's account number is not valid.",
    "account_closed": "The customer's bank account has been closed.",
    "no_account": "The customer's bank account could not be located.",
    "debit_not_authorized": "Debit transactions are not approved on the customer's bank account.",
    "invalid_currency": "The bank was unable to process this transaction because of its currency.",
    "charge_exceeds_source_limit": "This payment exceeds the limit of the customer's account.",
    "charge_exceeds_weekly_limit": "This payment exceeds the weekly limit of the customer's account.",
}
