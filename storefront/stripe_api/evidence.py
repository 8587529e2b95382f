"""The answer to a dispute: evidence that Stripe passes on to the bank, once.

https://docs.stripe.com/api/disputes/update
"""

from collections.abc import Mapping
from typing import Any

from storefront.stripe_api.gateway import gateway
from storefront.stripe_api.refusals import readable
from storefront.stripe_api.seen import SeenDispute, read_dispute


@readable()
def submit_evidence(dispute_id: str, evidence: Mapping[str, str], *, idempotency_key: str) -> SeenDispute:
    """Send it for good. `evidence` is by Stripe's names of its fields.

    Raises:
        StripeRefused: Stripe's own sentence, as for a dispute that takes no evidence any more.
        StripeUnavailable: it may have been sent; the same key again asks for the same.
    """
    params: Any = {"evidence": dict(evidence), "submit": True}
    options: Any = {"idempotency_key": idempotency_key}
    return read_dispute(gateway().ask(lambda client: client.v1.disputes.update(dispute_id, params, options)))
