"""OutboxMessage: an email we promised to send, stored in the same transaction as its cause. No body."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from storefront.core import clock
from storefront.core.db import Base
from storefront.core.partial_indexes import partial_index


class MailKind(StrEnum):
    """What an email says; `messages/compose.py` has the text of each."""

    RECEIPT = "receipt"
    WAITING_FOR_BANK = "waiting_for_bank"
    PAYMENT_FAILED = "payment_failed"
    REFUNDED = "refunded"
    REFUND_FAILED = "refund_failed"  # to who was told of it before
    DISPUTE_OPENED = "dispute_opened"
    FRAUD_WARNING = "fraud_warning"
    RECONCILE_REPORT = "reconcile_report"
    KEYS_ARRIVED = "keys_arrived"  # imported keys for an order that waited for them
    KEY_REPLACED = "key_replaced"
    GIFT = "gift"  # to who receives it, on its day
    ANSWER = "answer"  # what somebody who helps wrote to the buyer of an order
    GIFT_ANSWER = "gift_answer"  # the same to who received a gift
    PROOF = "proof"  # the code and link that prove an address
    NEW_RELEASE = "new_release"
    CHECKOUT_REMINDER = "checkout_reminder"  # of a checkout that was left, to who agreed to it
    AVAILABILITY_CONFIRM = "availability_confirm"  # to a stranger's address: is it true that it wants the next one
    AVAILABLE = "available"  # once, to who waited for a product
    BROADCAST = "broadcast"  # of the owner's, to a buyer who agreed to news and offers
    INVITATION = "invitation"  # of somebody who may come in at /admin
    SECURITY_NOTICE = "security_notice"  # to them: a sign-in, a passkey
    TEST_RECEIPT = "test_receipt"  # to an owner who wants to see one
    TEST_EMAIL = "test_email"  # one of those that owners may write, to who wants to see it
    TEST_MAIL = "test_mail"  # asked for at /admin/ready


TO_OWNER = (
    MailKind.DISPUTE_OPENED,
    MailKind.FRAUD_WARNING,
    MailKind.RECONCILE_REPORT,
    MailKind.TEST_RECEIPT,
    MailKind.TEST_EMAIL,
)


# Of a gift these go to who receives it, and all others to who gave it.
TO_RECEIVER = (MailKind.GIFT, MailKind.KEYS_ARRIVED, MailKind.KEY_REPLACED, MailKind.GIFT_ANSWER)

WRITTEN_BY_HAND = (MailKind.ANSWER, MailKind.GIFT_ANSWER)

# These wait for keys and receipts.
PATIENT = (MailKind.NEW_RELEASE, MailKind.CHECKOUT_REMINDER, MailKind.AVAILABLE, MailKind.BROADCAST)


class MailState(StrEnum):
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    CANCELED = "canceled"
    FAILED = "failed"
    PAUSED = "paused"  # its order is closed: the same mail goes on when it opens again


NOT_LEFT = (MailState.QUEUED, MailState.FAILED, MailState.PAUSED)  # and may still leave
MAY_LEAVE = (*NOT_LEFT, MailState.SENDING)  # a try that fails puts it back


class OutboxMessage(Base):
    """`due_at` is when it may leave (held, the next try, or the next look at a paused one); `claimed_at` is when a
    worker took it."""

    __tablename__ = "outbox"
    __table_args__ = (
        # With the mode in front: an engine that knows only of `mode` reads everything that was ever sent.
        Index(None, "mode", "state", "due_at"),
        partial_index(
            "ix_outbox_claimed",
            "mode",
            "state",
            "claimed_at",
            where="claimed_at IS NOT NULL",
        ),
        Index(None, "mode", "sent_at"),
        # What still has an address, for who forgets the old ones.
        partial_index(
            "ix_outbox_addressed",
            "created_at",
            where="recipient <> ''",
        ),
        partial_index(
            "ix_outbox_broadcast_id_state",
            "broadcast_id",
            "state",
            where="broadcast_id IS NOT NULL",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    dedupe_key: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    mode: Mapped[str]
    order_id: Mapped[int | None] = mapped_column(ForeignKey("orders.id"), index=True)
    broadcast_id: Mapped[int | None]  # of the emails of one broadcast; tests of it have none
    about: Mapped[str | None]  # the refund, dispute, warning or pass it tells of, where an order has several
    recipient: Mapped[str] = mapped_column(index=True)
    language: Mapped[str] = mapped_column(default="en")
    message_id: Mapped[str] = mapped_column(unique=True)
    state: Mapped[MailState] = mapped_column(default=MailState.QUEUED)
    due_at: Mapped[datetime]
    claimed_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str | None]
    sent_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
