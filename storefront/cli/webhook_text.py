"""How the webhook endpoint is, on a terminal."""

from collections.abc import Iterator

from storefront.payments.webhook.endpoint import EndpointCheck, Secret

SECRETS = {
    Secret.SEALED: "made by the shop, sealed",
    Secret.LOCKED: "sealed with another SECRET_KEY: storefront webhook create makes a new one",
    Secret.ENVIRONMENT: "STRIPE_WEBHOOK_SECRET, if it is of this endpoint",
    Secret.UNKNOWN: "not known: storefront webhook rotate makes a new one",
}


def works(checked: EndpointCheck) -> bool:
    known = checked.secret in (Secret.SEALED, Secret.ENVIRONMENT)
    return checked.endpoint_id is not None and checked.is_enabled and not checked.missing and known


def check_lines(checked: EndpointCheck) -> list[str]:
    if checked.endpoint_id is None:
        return [f"No endpoint delivers to {checked.address}: storefront webhook create"]
    return [
        f"{checked.endpoint_id}  {'enabled' if checked.is_enabled else 'disabled'}  {checked.address}",
        f"Version    {checked.api_version or 'that of the account'}",
        f"Secret     {SECRETS[checked.secret]}",
        *_remarks(checked),
    ]


def _remarks(checked: EndpointCheck) -> Iterator[str]:
    if checked.missing:
        yield f"Missing    {' '.join(checked.missing)}: storefront webhook create"
    if checked.superfluous:
        yield f"Not needed {' '.join(checked.superfluous)}"
    if checked.others:
        yield f"Also here  {' '.join(checked.others)}"
    if checked.elsewhere:
        yield f"Elsewhere  {', '.join(checked.elsewhere)}: the shop was there"
