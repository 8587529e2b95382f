"""Disputes over the API: read, answered with evidence, given up."""

from stripe.params import DisputeCloseParams, DisputeListParams, DisputeRetrieveParams, DisputeUpdateParams

from storefront.devtools.sandbox.api.lists import list_records
from storefront.devtools.sandbox.api.members import hash_of
from storefront.devtools.sandbox.api.parameter_types import spec_of, with_longer
from storefront.devtools.sandbox.api.routes import Call, route
from storefront.devtools.sandbox.api.updates import change, save_change
from storefront.devtools.sandbox.payments.dispute_evidence import accept_loss, answer_dispute
from storefront.devtools.sandbox.storage.records import Json

# The `maxLength` of each at https://github.com/stripe/openapi; any other text has 5,000.
LONG_TEXTS = (
    "access_activity_log", "cancellation_policy_disclosure", "cancellation_rebuttal",
    "duplicate_charge_explanation", "product_description", "refund_policy_disclosure",
    "refund_refusal_explanation", "uncategorized_text",
)  # fmt: skip
EVIDENCE = with_longer(spec_of(DisputeUpdateParams).fields["evidence"], LONG_TEXTS, 20_000)


@route("GET /v1/disputes/{id}", DisputeRetrieveParams)
def retrieve_dispute(call: Call) -> Json:
    return call.get("dispute", param="dispute").body


@route(
    "POST /v1/disputes/{id}",
    DisputeUpdateParams,
    extra={"evidence": EVIDENCE},
    unsupported=("evidence.appeal", "evidence.enhanced_evidence"),
)
def update_dispute(call: Call) -> Json:
    """Send evidence unless `submit=false` only stages it; an explicit `submit=true` sends what was staged."""
    dispute = call.get("dispute", param="dispute")
    evidence, sends = hash_of(call.params, "evidence"), call.params.get("submit")
    previous = change(dispute, call.params, ("intended_submission_method", "metadata"))
    if evidence or sends:
        answer_dispute(call.work, dispute, evidence, sends=sends is not False, previous=previous)
    else:
        save_change(call.work, dispute, previous, "charge.dispute.updated")
    return dispute.body


@route("POST /v1/disputes/{id}/close", DisputeCloseParams)
def close_dispute(call: Call) -> Json:
    dispute = call.get("dispute", param="dispute")
    accept_loss(call.work, dispute)
    return dispute.body


@route("GET /v1/disputes", DisputeListParams)
def list_disputes(call: Call) -> Json:
    return list_records(call, "dispute", "/v1/disputes", filters=("charge", "payment_intent"))
