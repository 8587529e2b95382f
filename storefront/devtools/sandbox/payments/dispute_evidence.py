"""The merchant's side of a dispute: evidence given, sent, or the loss accepted; magic words decide it."""

import copy

from storefront.devtools.sandbox.api.errors import invalid
from storefront.devtools.sandbox.api.updates import difference
from storefront.devtools.sandbox.payments.disputes import is_inquiry, may_become, move_dispute
from storefront.devtools.sandbox.payments.evidence_files import check_files
from storefront.devtools.sandbox.storage.records import Json, Record
from storefront.devtools.sandbox.storage.unit_of_work import UnitOfWork

_ANSWERED = {
    "needs_response": "under_review",
    "warning_needs_response": "warning_under_review",
    "appeal_needs_response": "appeal_under_review",
}
_GIVEN_UP = {
    "needs_response": "lost",
    "warning_needs_response": "warning_closed",
    "appeal_needs_response": "lost",
}
MOST_CHARACTERS = 150_000  # of all fields together: https://docs.stripe.com/api/disputes/update
# https://docs.stripe.com/testing#evidence: what `uncategorized_text` must say.
_VERDICTS = {"winning_evidence": "won", "losing_evidence": "lost", "escalate_inquiry_evidence": "needs_response"}
_INQUIRY_VERDICTS = {"won": "warning_closed", "lost": "warning_closed"}


def answer_dispute(work: UnitOfWork, dispute: Record, evidence: Json, *, sends: bool, previous: Json) -> None:
    """Keep the evidence and, if asked, send it; the bank's verdict comes with the timer or by control.

    `previous`: what else of the dispute has changed in the same call.
    """
    answered = _ANSWERED.get(dispute.body["status"])
    if answered is None:
        raise invalid(f"Dispute {dispute.id} is {dispute.body['status']} and takes no evidence.")
    old = copy.deepcopy(dispute.body)
    dispute.body["evidence"].update(evidence)
    check_files(work, dispute.body["evidence"])
    _check_length(dispute.body["evidence"])
    details = dispute.body["evidence_details"]
    details["has_evidence"] = details["has_evidence"] or bool(evidence)
    if not sends:
        work.records.save(dispute)
        work.emit("charge.dispute.updated", dispute.body, previous | difference(old, dispute.body))
        return
    details.update(submission_count=details["submission_count"] + 1, submission_method="manual")
    move_dispute(work, dispute, answered, previous | difference(old, dispute.body))
    if find_verdict(dispute) is not None:
        work.settle_later("dispute", dispute.id)


def _check_length(evidence: Json) -> None:
    if sum(len(text) for text in evidence.values() if isinstance(text, str)) > MOST_CHARACTERS:
        raise invalid(
            f"The combined character count of all fields is limited to {MOST_CHARACTERS:,}.", param="evidence"
        )


def find_verdict(dispute: Record) -> str | None:
    """Return what the evidence's magic words make of this dispute; None without such words, or once it is over."""
    verdict = _asked_verdict(str(dispute.body["evidence"]["uncategorized_text"] or ""))
    if is_inquiry(dispute.body["status"]):
        verdict = _INQUIRY_VERDICTS.get(verdict, verdict)
    return verdict if may_become(dispute, verdict) else None


def _asked_verdict(text: str) -> str:
    """Return the status that the first magic words in the text ask for; empty without such words."""
    return next((status for words, status in _VERDICTS.items() if words in text), "")


def accept_loss(work: UnitOfWork, dispute: Record) -> None:
    status = _GIVEN_UP.get(dispute.body["status"])
    if status is None:
        raise invalid(f"Dispute {dispute.id} is {dispute.body['status']} and cannot be closed.")
    move_dispute(work, dispute, status)
