"""The model: what the shop must say when it knows Stripe's word. Written anew here, on purpose."""

from dataclasses import dataclass, field

from storefront.orders.models import Decision
from tests.sequences.stripes_word import StripesWord

WANT_ANSWER = {"needs_response": "dispute", "warning_needs_response": "inquiry", "appeal_needs_response": "appeal"}
CHARGED_BACK = {"needs_response", "under_review", "appeal_needs_response", "appeal_under_review"}
INQUIRIES = {"warning_needs_response", "warning_under_review", "warning_closed"}
GAVE_MONEY = {"pending", "requires_action", "succeeded"}
ITEMS = (1, 2, 3)


@dataclass(slots=True)
class Memory:
    """What depends on when the shop looked: which mails are owed, which notices the owner called done."""

    decision: Decision = Decision.FOLLOW_PAYMENT
    mails: set[tuple[str, str | None]] = field(default_factory=set)
    done: set[tuple[str, str]] = field(default_factory=set)
    keys: tuple[str, ...] = ()
    link: str = ""
    is_sent: bool = False  # a gift, to who receives it
    number: str = ""

    def note_look(self, word: StripesWord, *, thorough: bool) -> None:
        first = "receipt" if word.is_paid else "payment_failed" if word.has_failed else "waiting_for_bank"
        self.mails.add((first, None))
        if not thorough:
            return
        self.mails |= {("refunded", each) for each, refund in word.refunds.items() if refund.status in GAVE_MONEY}
        self.mails |= {("dispute_opened", subject) for subject in wanting_answer(word)}
        self.mails |= {("fraud_warning", each) for each, is_actionable in word.warnings.items() if is_actionable}


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Of one order, as the shop has it or should have it."""

    allowed: bool
    reason: str
    open_items: frozenset[int]
    refunded: int
    refunds: dict[str, tuple[int, str]]
    disputes: dict[str, str]
    warnings: dict[str, bool]
    named_items: frozenset[int]
    notices: frozenset[tuple[str, str]]
    mails: tuple[tuple[str, str | None], ...]


def expect(word: StripesWord, memory: Memory) -> State:
    allowed, reason = decide_access(word, memory.decision)
    counting = [refund.named for refund in word.refunds.values() if refund.status in GAVE_MONEY]
    named = frozenset(ITEMS) & frozenset().union(*counting)
    is_above_payment = memory.decision is Decision.ALLOW
    closed = frozenset() if is_above_payment else named
    notices = wanted_notices(word, memory.number, allowed=allowed)
    if allowed and closed == frozenset(ITEMS):
        allowed, reason = False, "refunded"
    return State(
        allowed=allowed,
        reason=reason,
        open_items=frozenset(ITEMS) - closed if allowed else frozenset(),
        refunded=word.refunded,
        refunds={each: (refund.amount, refund.status) for each, refund in word.refunds.items()},
        disputes=word.disputes,
        warnings=word.warnings,
        named_items=named,
        notices=frozenset(notices) - memory.done,
        mails=tuple(sorted(memory.mails, key=str)),
    )


def decide_access(word: StripesWord, decision: Decision) -> tuple[bool, str]:
    statuses = set(word.disputes.values())
    if decision is Decision.WITHDRAW:
        return False, "withdrawn"
    if not word.is_paid:
        return False, "payment_failed" if word.has_failed else "awaiting_payment"
    if decision is Decision.ALLOW:
        return True, "allowed_by_shop"
    if word.refunded >= word.total:
        return False, "refunded"
    if "lost" in statuses:
        return False, "dispute_lost"
    if statuses & CHARGED_BACK:
        return False, "disputed"
    if statuses & INQUIRIES:
        return True, "inquiry"
    if statuses:
        return True, "dispute_won"
    return True, "partly_refunded" if word.refunded else "paid"


def wanting_answer(word: StripesWord) -> set[str]:
    """A dispute has stages under one id, and each wants an answer of its own."""
    return {f"{each}:{WANT_ANSWER[status]}" for each, status in word.disputes.items() if status in WANT_ANSWER}


def wanted_notices(word: StripesWord, number: str, *, allowed: bool) -> set[tuple[str, str]]:
    wanted = {("dispute_open", subject) for subject in wanting_answer(word)}
    is_too_much = word.sent > word.total if word.is_paid else word.has_failed and word.sent > 0
    wanted |= {("excess_paid", number)} if is_too_much else set()
    if allowed:
        wanted |= {("fraud_warning", each) for each, is_actionable in word.warnings.items() if is_actionable}
        wanted |= {("dispute_paid_back", each) for each in word.paid_back}
        wanted |= {("refund_failed", each) for each in not_made_again(word)}
    return wanted


def not_made_again(word: StripesWord) -> set[str]:
    """One that failed is made good by a later one of as much and the same items; without items each by its own."""
    oldest_first = sorted(word.refunds.items(), key=lambda each: (each[1].created, each[0]))
    free = {each: refund for each, refund in oldest_first if refund.status in GAVE_MONEY}
    left = set()
    for each, refund in oldest_first:
        if refund.status in GAVE_MONEY:
            continue
        later = [
            other
            for other, given in free.items()
            if given.created >= refund.created and given.amount >= refund.amount and given.named == refund.named
        ]
        if not later:
            left.add(each)
        elif not refund.named:
            del free[later[0]]
    return left
