"""The mails that an order's state owes, each once: promised in the transaction of what they tell."""

from sqlalchemy.orm import Session

from storefront import clock
from storefront.fulfillment.concerns import NEEDS_ANSWER
from storefront.mail import outbox
from storefront.orders.models import Order
from storefront.stripe_seen import SeenAftermath
from storefront.web import settings


def promise_state(session: Session, order: Order) -> bool:
    """Receipt, "waiting for your bank" or "payment failed": held, because the page shows it at once."""
    kind = outbox.RECEIPT
    if not order.is_paid:
        kind = outbox.PAYMENT_FAILED if order.has_failed else outbox.WAITING_FOR_BANK
    return outbox.promise_once(session, kind=kind, order_id=order.id, mode=order.mode, recipient=order.email)


def promise_again(session: Session, order: Order) -> None:
    """The receipt of an earlier order with the same free product; at most once a day."""
    outbox.promise_once(
        session,
        kind=outbox.RECEIPT,
        order_id=order.id,
        mode=order.mode,
        recipient=order.email,
        again=f"{clock.now():%Y%m%d}",
    )


def promise_aftermath(session: Session, order: Order, seen: SeenAftermath) -> bool:
    """One mail for each refund (to the buyer), fraud warning and stage of a dispute (to the owner).

    True when one is new.
    """
    owner = settings().owner_email
    wanted = [(outbox.REFUNDED, refund.id, order.email, "") for refund in seen.refunds or () if refund.counts]
    if owner:
        wanted += [
            (outbox.DISPUTE_OPENED, dispute.id, owner, NEEDS_ANSWER[dispute.status])
            for dispute in seen.disputes or ()
            if dispute.status in NEEDS_ANSWER
        ]
        wanted += [
            (outbox.FRAUD_WARNING, warning.id, owner, "")
            for warning in seen.warnings or ()
            if warning.is_actionable
        ]
    made = [
        outbox.promise_once(
            session,
            kind=kind,
            order_id=order.id,
            mode=order.mode,
            recipient=recipient,
            about=about,
            again=stage,
            hold=False,
        )
        for kind, about, recipient, stage in wanted
    ]
    return any(made)
