"""What registers say later of the tax ids that a buyer typed."""

from typing import Any

from sqlalchemy.orm import Session

from storefront.orders.changes import ChangeKind, add_change
from storefront.orders.models import Order

_WORDS = {
    "verified": "is verified",
    "unverified": "is not in the register: ask the buyer for the right one",
    "unavailable": "cannot be verified: no register answers",
    "pending": "waits for the register",
}


def keep_verification(session: Session, order: Order, tax_ids: list[dict[str, Any]]) -> None:
    """Keep what is new in what Stripe says of them, with a line on the timeline; what nobody asked for stays.

    The order's buyer may have been erased meanwhile: then there is nothing to keep it at.
    """
    said = {(row["type"], row["value"]): row["verification"] for row in tax_ids if "verification" in row}
    kept = []
    for tax_id in order.tax_ids:
        status = said.get((tax_id.get("type"), tax_id.get("value")), tax_id.get("verification"))
        kept.append({**tax_id, "verification": status} if status else tax_id)
        if status and status not in {tax_id.get("verification"), "pending"}:
            add_change(session, order.id, ChangeKind.TAX_ID, f"{tax_id['type']} {_WORDS.get(status, status)}")
    if kept != order.tax_ids:
        order.tax_ids = kept
