"""The lines of an order's timeline: written in the transaction that changed something, never updated."""

from enum import StrEnum

from sqlalchemy import insert
from sqlalchemy.orm import Session

from storefront.orders.after_sale import OrderChange

# Of the table, and built once: an entity's takes longer to build than to run.
_WRITE = insert(OrderChange.__table__)  # type: ignore[arg-type] # a mapped class always has a Table


class ChangeKind(StrEnum):
    """What changed. The values are stored, and buyers read them in the export of their data."""

    ACCESS = "access"
    ADDRESS = "address"
    ANSWERED = "answered"
    BACKORDERED = "backordered"
    DECISION = "decision"
    DISPUTE = "dispute"
    ERASED = "erased"
    FRAUD_WARNING = "fraud_warning"
    GIFT = "gift"
    GIVEN = "given"
    ITEM = "item"
    KEY_REPLACED = "key_replaced"
    KEY_RESTORED = "key_restored"
    KEY_WITHDRAWN = "key_withdrawn"
    LICENSE_EXTENDED = "license_extended"
    LIMIT_RAISED = "limit_raised"
    LINK = "link"
    REFUND = "refund"
    RESENT = "resent"
    SERVED = "served"
    TAX_ID = "tax_id"
    UPGRADED = "upgraded"


def add_change(session: Session, order_id: int, kind: ChangeKind, detail: str = "") -> None:
    """Write one line, inside the caller's transaction. `detail` is for people and holds no key and no address."""
    session.add(OrderChange(order_id=order_id, what=kind.value, detail=detail))


def write_change(session: Session, order_id: int, kind: ChangeKind, detail: str = "") -> None:
    """Do the same at once, for one line of each sale: a statement costs less than the unit of work around it."""
    session.flush()  # lines that wait were first
    session.execute(_WRITE, {"order_id": order_id, "what": kind.value, "detail": detail})
