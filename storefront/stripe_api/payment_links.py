"""Payment Links at Stripe: made, read, listed, closed."""

from collections.abc import Iterator
from typing import Any

from storefront.stripe_api.gateway import gateway
from storefront.stripe_api.lists import each
from storefront.stripe_api.refusals import readable
from storefront.stripe_api.seen import SeenLink, read_link


@readable()
def create_payment_link(body: dict[str, Any], *, idempotency_key: str) -> SeenLink:
    params: Any = body
    options: Any = {"idempotency_key": idempotency_key}
    return read_link(gateway().ask(lambda client: client.v1.payment_links.create(params, options)))


@readable()
def get_payment_link(link_id: str) -> SeenLink:
    return read_link(gateway().ask(lambda client: client.v1.payment_links.retrieve(link_id)))


def list_payment_links() -> Iterator[SeenLink]:
    """Yield all that can be paid, of whatever shop on this account, newest first."""
    return each(lambda client, params: client.v1.payment_links.list(params), read_link, active=True)


@readable()
def close_payment_link(link_id: str) -> SeenLink:
    """Raises StripeMissing for an id that Stripe does not know."""
    params: Any = {"active": False}
    return read_link(gateway().ask(lambda client: client.v1.payment_links.update(link_id, params)))
