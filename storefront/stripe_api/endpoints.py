"""Webhook endpoints at Stripe: listed, made (the one moment its secret is told), changed."""

from dataclasses import dataclass
from typing import Any

from storefront.stripe_api.gateway import gateway
from storefront.stripe_api.refusals import readable

MOST = 100  # of one page; Stripe allows 16 endpoints in each mode
# That of the library, which every request of this shop names. A test compares them: who only says whether they
# differ need not load the library.
API_VERSION = "2026-10-28.endive"


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenEndpoint:
    """`api_version=None`: that of the account."""

    id: str
    url: str
    is_enabled: bool
    api_version: str | None
    events: frozenset[str]
    metadata: dict[str, str]


@readable()
def list_endpoints() -> list[SeenEndpoint]:
    """Return those of the running mode, newest first, whoever made them."""
    params: Any = {"limit": MOST}
    answer = gateway().ask(lambda client: client.v1.webhook_endpoints.list(params))
    return [_read(raw) for raw in answer["data"]]


@readable()
def create_endpoint(
    url: str, events: list[str], *, description: str, metadata: dict[str, str], idempotency_key: str
) -> tuple[SeenEndpoint, str]:
    """Return the endpoint with its signing secret, which Stripe never tells again."""
    params: Any = {
        "url": url,
        "enabled_events": events,
        "api_version": API_VERSION,
        "description": description,
        "metadata": metadata,
    }
    options: Any = {"idempotency_key": idempotency_key}
    raw = gateway().ask(lambda client: client.v1.webhook_endpoints.create(params, options))
    return _read(raw), str(raw["secret"])


@readable()
def change_endpoint(endpoint_id: str, *, events: list[str] | None = None, is_enabled: bool | None = None) -> None:
    """Raises StripeMissing for one that was deleted meanwhile."""
    params: Any = {} if events is None else {"enabled_events": events}
    params |= {} if is_enabled is None else {"disabled": not is_enabled}
    gateway().ask(lambda client: client.v1.webhook_endpoints.update(endpoint_id, params))


def _read(raw: dict[str, Any]) -> SeenEndpoint:
    return SeenEndpoint(
        id=str(raw["id"]),
        url=str(raw["url"]),
        is_enabled=raw["status"] == "enabled",
        api_version=raw["api_version"],
        events=frozenset(raw["enabled_events"]),
        metadata=raw["metadata"] or {},
    )
