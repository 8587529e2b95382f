"""What may happen around one sale, as plain values: at Stripe, on the way to the shop, in the shop."""

from dataclasses import dataclass

from hypothesis import strategies as st

from storefront.orders.models import Decision
from tests.support.ways_to_pay import WAYS

PENDING = "pm_card_pendingRefund"  # a refund that may still end in any way
METHODS = (
    "pm_card_visa",
    PENDING,
    PENDING,
    PENDING,
    "pm_card_refundFail",
    "pm_card_createDispute",
    "pm_card_createDisputeInquiry",
    "pm_card_createMultipleDisputes",
    "pm_card_createMultipleDisputes",
    "pm_card_createIssuerFraudRecord",
    *WAYS,
)
STATUSES = (
    "needs_response", "under_review", "won", "lost", "prevented",
    "warning_needs_response", "warning_under_review", "warning_closed",
    "appeal_needs_response", "appeal_under_review",
)  # fmt: skip


ENDS = ("failed", "canceled", "succeeded")


@dataclass(frozen=True, slots=True)
class Refund:
    """`amount` None is all that is left; `items` is the refund's `metadata[storefront_items]`."""

    amount: int | None
    items: str | None


@dataclass(frozen=True, slots=True)
class SettleRefund:
    """To the first of ENDS from `turn` on that Stripe lets it end in."""

    which: int
    turn: int


@dataclass(frozen=True, slots=True)
class NameItems:
    """The owner's second thought: the metadata of a refund that was made before."""

    which: int
    items: str


@dataclass(frozen=True, slots=True)
class OpenDispute:
    status: str


@dataclass(frozen=True, slots=True)
class MoveDispute:
    """To the first of STATUSES from `turn` on that Stripe lets it go to."""

    which: int
    turn: int


@dataclass(frozen=True, slots=True)
class WarnOfFraud:
    pass


@dataclass(frozen=True, slots=True)
class SettlePayment:
    result: str


@dataclass(frozen=True, slots=True)
class PayAfterFailure:
    """What Stripe's documents rule out; nothing where the payment has not failed."""


@dataclass(frozen=True, slots=True)
class SendMoney:
    """By bank transfer: a part of what is missing, or more than that."""

    amount: int


@dataclass(frozen=True, slots=True)
class Deliver:
    """One of the events so far, counted from the newest: also one delivered before, or none of ours."""

    which: int


@dataclass(frozen=True, slots=True)
class LoadPages:
    pass


@dataclass(frozen=True, slots=True)
class Reconcile:
    pass


@dataclass(frozen=True, slots=True)
class Decide:
    decision: Decision


@dataclass(frozen=True, slots=True)
class HandOver:
    """The worker looks for gifts that are due; nothing where the sale is none."""


@dataclass(frozen=True, slots=True)
class CloseNotice:
    which: int


AtStripe = (
    Refund
    | SettleRefund
    | NameItems
    | OpenDispute
    | MoveDispute
    | WarnOfFraud
    | SettlePayment
    | PayAfterFailure
    | SendMoney
)
Step = AtStripe | Deliver | LoadPages | Reconcile | Decide | CloseNotice | HandOver

few = st.integers(min_value=0, max_value=2)
deliveries = st.builds(Deliver, st.integers(min_value=0, max_value=40))
bank_answers = st.builds(SettlePayment, st.sampled_from(["succeeded", "succeeded", "failed"]))
transfers = st.lists(st.builds(SendMoney, st.sampled_from([7000, 900, 900, 5200])), min_size=1, max_size=2)
refunds = st.builds(
    Refund,
    st.sampled_from([None, 1, 900, 900, 1400, 3800, 5200]),
    st.sampled_from([None, "1", "2", " 3, 1", "1,2,3", "9, all"]),
)
refund_ends = st.builds(SettleRefund, few, few)
disputes = st.builds(OpenDispute, st.sampled_from(STATUSES))
dispute_moves = st.builds(MoveDispute, few, st.sampled_from([0, 2, 3, 3, 4, 7]))
newest = st.builds(Deliver, st.integers(min_value=0, max_value=3))
looks = st.builds(Reconcile)
follow = Decision.FOLLOW_PAYMENT
steps = st.one_of(
    refunds,
    refunds,
    refunds,
    refund_ends,
    refund_ends,
    refund_ends,
    disputes,
    dispute_moves,
    dispute_moves,
    newest,
    newest,
    looks,
    looks,
    deliveries,
    st.builds(NameItems, few, st.sampled_from(["", "1", "2,3"])),
    st.builds(WarnOfFraud),
    st.builds(LoadPages),
    st.builds(PayAfterFailure),
    st.builds(Decide, st.sampled_from([follow, follow, Decision.ALLOW, Decision.WITHDRAW])),
    st.builds(CloseNotice, few),
    st.builds(HandOver),
)
