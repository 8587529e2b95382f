"""What test cards and accounts have in store for a payment that went through."""

from storefront.devtools.sandbox.payments.disputes import open_dispute
from storefront.devtools.sandbox.payments.early_fraud_warnings import warn
from storefront.devtools.sandbox.payments.stripe_test_cards import ACH_ACCOUNTS, CARDS, IBANS, Quarrel
from storefront.devtools.sandbox.storage.records import Record
from storefront.devtools.sandbox.storage.unit_of_work import UnitOfWork


def follow(work: UnitOfWork, charge: Record) -> None:
    """At once, not by a timer: the command line lists the dispute in its next request."""
    method = work.records.get("payment_method", charge.body["payment_method"])
    card = CARDS.get(method.private["number"])
    if card is not None and card.is_suspected:
        warn(work, charge)
    quarrels = _quarrels(method)
    for place, quarrel in enumerate(quarrels):
        share = charge.body["amount"] // len(quarrels)
        rest = charge.body["amount"] - share * place
        amount = rest if place == len(quarrels) - 1 else share
        open_dispute(work, charge, reason=quarrel.reason, status=quarrel.status, amount=amount)


def _quarrels(method: Record) -> tuple[Quarrel, ...]:
    number = method.private["number"]
    if method.body["type"] == "card":
        return CARDS[number].quarrels if number in CARDS else ()
    accounts = IBANS if method.body["type"] == "sepa_debit" else ACH_ACCOUNTS
    return accounts[number].quarrels
