"""What test cards and accounts have in store for a payment that went through."""

from storefront.devtools.sandbox.payments.account_balance import free_at_once
from storefront.devtools.sandbox.payments.disputes import open_dispute
from storefront.devtools.sandbox.payments.early_fraud_warnings import warn
from storefront.devtools.sandbox.payments.kinds import Course, course_of
from storefront.devtools.sandbox.payments.payment_methods import get_account
from storefront.devtools.sandbox.payments.stripe_test_cards import CARDS, Card, PlannedDispute
from storefront.devtools.sandbox.storage.records import Record
from storefront.devtools.sandbox.storage.unit_of_work import UnitOfWork


def apply_test_behavior(work: UnitOfWork, charge: Record) -> None:
    """Open disputes and warnings at once, not by a timer: the command line lists them in its next request."""
    method = work.records.get("payment_method", charge.body["payment_method"])
    card = CARDS.get(method.private["number"])
    if card is not None:
        _free_or_suspect(work, charge, card)
    disputes = _planned_disputes(method)
    for planned, amount in zip(disputes, _shares(charge.body["amount"], len(disputes)), strict=True):
        open_dispute(work, charge, reason=planned.reason, status=planned.status, amount=amount)


def _free_or_suspect(work: UnitOfWork, charge: Record, card: Card) -> None:
    if card.frees_money:
        free_at_once(work, charge)
    if card.is_suspected:
        warn(work, charge)


def _shares(amount: int, count: int) -> list[int]:
    """Divide an amount; the last share has the rest."""
    if count == 0:
        return []
    share = amount // count
    return [*[share] * (count - 1), amount - share * (count - 1)]


def _planned_disputes(method: Record) -> tuple[PlannedDispute, ...]:
    number = method.private["number"]
    if method.body["type"] == "card":
        return CARDS[number].planned_disputes if number in CARDS else ()
    return get_account(method).planned_disputes if course_of(method.body["type"]) is Course.DEBIT else ()
