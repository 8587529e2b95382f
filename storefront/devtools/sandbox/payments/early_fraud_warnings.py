"""Early fraud warnings: what an issuer suspects before anyone disputes; a refund or dispute settles them."""

from storefront.devtools.sandbox.api.errors import invalid
from storefront.devtools.sandbox.ids import new_id
from storefront.devtools.sandbox.storage.records import Query, Record
from storefront.devtools.sandbox.storage.unit_of_work import UnitOfWork

KIND = "radar.early_fraud_warning"
FRAUD_TYPES = (
    "card_never_received",
    "fraudulent_card_application",
    "made_with_counterfeit_card",
    "made_with_lost_card",
    "made_with_stolen_card",
    "misc",
    "unauthorized_use_of_card",
)


def warn(work: UnitOfWork, charge: Record, fraud_type: str = "misc") -> Record:
    """Make a warning; about a charge that is refunded or disputed already nothing can be done any more."""
    if charge.body["status"] != "succeeded":
        raise invalid(f"Charge {charge.id} is {charge.body['status']}; only a paid one can be suspected.")
    warning = work.records.add(
        {
            "id": new_id("issfr_1"),
            "object": KIND,
            "actionable": not charge.body["refunded"] and not charge.body["disputed"],
            "charge": charge.id,
            "created": work.now,
            "fraud_type": fraud_type,
            "livemode": False,
            "payment_intent": charge.body["payment_intent"],
        }
    )
    work.emit(f"{KIND}.created", warning.body)
    return warning


def close_warnings(work: UnitOfWork, charge: Record) -> None:
    """Close a charge's warnings: it is refunded in full or disputed, so there is nothing left to do."""
    query = Query(kind=KIND, limit=100, where=(("charge", charge.id), ("actionable", True)))
    for warning in work.records.page(query)[0]:
        warning.body["actionable"] = False
        work.records.save(warning)
        work.emit(f"{KIND}.updated", warning.body, {"actionable": True})
