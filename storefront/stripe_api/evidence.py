"""The answer to a dispute: evidence that Stripe passes on to the bank, once.

https://docs.stripe.com/api/disputes/update
"""

from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from storefront.stripe_api.gateway import gateway
from storefront.stripe_api.refusals import readable
from storefront.stripe_api.seen import SeenDispute, read_dispute


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenFile:
    id: str
    size_bytes: int


class _Named(BytesIO):
    """What Stripe's library reads a file's name of."""

    name = ""


@readable()
def upload_file(content: bytes, filename: str, *, idempotency_key: str) -> SeenFile:
    """Give Stripe a file of evidence: PDF, PNG or JPEG. No dispute has it yet.

    Raises:
        StripeRefused: Stripe's own sentence, as for a kind or size that it does not take.
        StripeUnavailable: it may be there; the same key again asks for the same.
    """
    file = _Named(content)
    file.name = filename
    params: Any = {"file": file, "purpose": "dispute_evidence"}
    options: Any = {"idempotency_key": idempotency_key}
    raw = gateway().ask(lambda client: client.v1.files.create(params, options))
    return SeenFile(id=raw["id"], size_bytes=raw["size"])


@readable()
def submit_evidence(dispute_id: str, evidence: Mapping[str, str], *, idempotency_key: str) -> SeenDispute:
    """Send it for good. `evidence` is by Stripe's names of its fields: texts, and ids of files.

    Raises:
        StripeRefused: Stripe's own sentence, as for a dispute that takes no evidence any more.
        StripeUnavailable: it may have been sent; the same key again asks for the same, but after a StripeFault.
    """
    params: Any = {"evidence": dict(evidence), "submit": True}
    options: Any = {"idempotency_key": idempotency_key}
    return read_dispute(gateway().ask(lambda client: client.v1.disputes.update(dispute_id, params, options)))


@readable()
def count_submissions(dispute_id: str) -> int:
    """Return how often evidence was sent, by whomever."""
    raw = gateway().ask(lambda client: client.v1.disputes.retrieve(dispute_id))
    return int(raw["evidence_details"]["submission_count"])
