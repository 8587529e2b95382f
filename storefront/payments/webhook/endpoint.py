"""The shop's endpoint at Stripe: checked, made by one button, mended, replaced with a new secret."""

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from storefront.core.config.live import NEAR
from storefront.core.config.settings import Mode
from storefront.core.db import transaction
from storefront.core.errors import StorefrontError, StripeFault, StripeRefused
from storefront.core.runtime import absolute_url, settings
from storefront.payments.webhook import endpoint_rows as rows
from storefront.payments.webhook.dispatch import PAYMENT_EVENTS, SESSION_EVENTS
from storefront.payments.webhook.models import WebhookEndpoint
from storefront.payments.webhook.secrets import open_secret
from storefront.shop.catalog.mirrors import shop_id
from storefront.shop.profile.read import read_profile
from storefront.stripe_api.endpoints import SeenEndpoint, change_endpoint, create_endpoint, list_endpoints
from storefront.stripe_api.gateway import gateway
from storefront.stripe_api.refusals import NOT_PERMITTED

HANDLED = SESSION_EVENTS | PAYMENT_EVENTS
EVERYTHING = "*"
MADE_BY_ROW = "storefront_endpoint"
LISTEN = "On this machine run `stripe listen --all-snapshot --forward-to …/webhook`"


class NotReachable(StorefrontError):
    code = "not_reachable"
    status = 409
    title = "Stripe can't reach this shop"


class SecretUnknown(StorefrontError):
    code = "secret_unknown"
    status = 409
    title = "The signing secret isn't known"


class NothingDelivered(StorefrontError):
    code = "nothing_delivered"
    status = 409
    title = "The new endpoint has delivered nothing yet"


class KeyNotPermitted(StorefrontError):
    code = "key_not_permitted"
    status = 409
    title = "The key may not do this"


class Secret(StrEnum):
    """What the shop knows of the endpoint's signing secret."""

    SEALED = "sealed"  # made by the shop, and opens
    LOCKED = "locked"  # made by the shop; SECRET_KEY was changed since
    ENVIRONMENT = "environment"  # perhaps: Stripe tells nobody which endpoint STRIPE_WEBHOOK_SECRET is of
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointCheck:
    """`endpoint_id=None`: there is none at our address. `others` are enabled ones at the same address."""

    address: str
    endpoint_id: str | None = None
    is_enabled: bool = False
    api_version: str | None = None
    missing: tuple[str, ...] = ()
    superfluous: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    secret: Secret = Secret.UNKNOWN
    has_delivered: bool = False  # to the secret that the shop made


class Done(StrEnum):
    MADE = "made"
    MENDED = "mended"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    done: Done
    endpoint_id: str


def webhook_address() -> str:
    return absolute_url("webhook.deliver")


def is_reachable(mode: Mode, base_url: str) -> bool:
    """Tell whether Stripe delivers there: https, and not this machine. The sandbox is on this machine, too."""
    parts = urlsplit(base_url)
    return mode is Mode.SANDBOX or (parts.scheme == "https" and parts.hostname not in NEAR)


def check_endpoint() -> EndpointCheck:
    """Ask Stripe. No transaction may be open.

    Raises:
        StripeUnavailable: nobody knows.
        KeyNotPermitted: the key may not read endpoints.
    """
    here, current = _look()
    return _check(here, current)


def make_endpoint() -> Changed:
    """Make the endpoint, or add what the one at our address lacks. Pressed twice it is one.

    Raises:
        NotReachable: Stripe delivers to https addresses on the internet only.
        SecretUnknown: somebody else made the one that is there; `replace_endpoint` makes a new one.
        StripeUnavailable, StripeRefused, KeyNotPermitted: of Stripe; a new try goes on where this one ended. Of
            two presses at once the second may be told StripeInProgress.
    """
    _demand_reachable()
    here, current = _look()
    check = _check(here, current)
    if check.endpoint_id is None or _is_being_made(here, current):
        return _create(_row_to_make(current))
    if check.secret is Secret.LOCKED:
        return _create(rows.replace_current(_account(), shown=check.endpoint_id))
    if check.secret is Secret.UNKNOWN:
        raise SecretUnknown(
            f"{check.endpoint_id} delivers to this address, and Stripe tells its signing secret to nobody again. "
            "Make a new endpoint here, or put its secret into STRIPE_WEBHOOK_SECRET."
        )
    return _mend(check)


def replace_endpoint(*, shown: str | None) -> Changed:
    """Make a new endpoint with a new secret. The old one goes on until it is disabled, so nothing is lost.

    `shown` is the endpoint that is to be replaced: a second press finds it replaced already.

    Raises:
        As `make_endpoint`, but never SecretUnknown.
    """
    _demand_reachable()
    row = rows.replace_current(_account(), shown=shown)
    if row.endpoint_id is not None:
        return Changed(done=Done.NOTHING, endpoint_id=row.endpoint_id)
    return _create(row)


def disable_others() -> list[str]:
    """Disable the other endpoints at our address, once the new one has proven itself; return their ids.

    Raises:
        NothingDelivered: the new one has not.
    """
    here, current = _look()
    check = _check(here, current)
    if check.secret is not Secret.SEALED or not check.has_delivered:
        raise NothingDelivered(
            "Keep the old endpoint until the new one has delivered something, for example a test purchase."
        )
    for endpoint_id in check.others:
        change_endpoint(endpoint_id, is_enabled=False)
    rows.keep_disabled(list(check.others), url=check.address)
    return list(check.others)


def _account() -> str:
    return gateway().account_id()


def _demand_reachable() -> None:
    shop = settings()
    if not is_reachable(shop.mode, shop.base_url):
        raise NotReachable(
            f"Stripe delivers to https addresses on the internet, and BASE_URL is {shop.base_url}. {LISTEN} "
            "and put the whsec_… that it prints into STRIPE_WEBHOOK_SECRET."
        )


def _look() -> tuple[list[SeenEndpoint], WebhookEndpoint | None]:
    account = _account()
    try:
        endpoints = list_endpoints()
    except StripeRefused as error:
        raise _as_permission(error) from error
    return [seen for seen in endpoints if seen.url == webhook_address()], rows.find_current(account)


def _as_permission(error: StripeRefused) -> StorefrontError:
    if error.stripe_code != NOT_PERMITTED:
        return error
    return KeyNotPermitted(
        "The restricted key may not change webhook endpoints. In the Stripe Dashboard, give it the permission "
        "Webhook Endpoints (write)."
    )


def _check(here: list[SeenEndpoint], current: WebhookEndpoint | None) -> EndpointCheck:
    ours = _choose(here, current)
    if ours is None:
        return EndpointCheck(address=webhook_address())
    is_made_here = current is not None and current.endpoint_id == ours.id
    return EndpointCheck(
        address=ours.url,
        endpoint_id=ours.id,
        is_enabled=ours.is_enabled,
        api_version=ours.api_version,
        missing=() if EVERYTHING in ours.events else tuple(sorted(HANDLED - ours.events)),
        superfluous=tuple(sorted(ours.events - HANDLED)),
        others=tuple(sorted(seen.id for seen in here if seen.is_enabled and seen.id != ours.id)),
        secret=_secret_of(current if is_made_here else None),
        has_delivered=is_made_here and current is not None and current.delivered_at is not None,
    )


def _choose(here: list[SeenEndpoint], current: WebhookEndpoint | None) -> SeenEndpoint | None:
    """Prefer the one that the shop made, then one that is enabled, then the newest."""
    made_id = current.endpoint_id if current else None
    return min(here, key=lambda seen: (seen.id != made_id, not seen.is_enabled), default=None)


def _secret_of(row: WebhookEndpoint | None) -> Secret:
    if row is not None:
        return Secret.LOCKED if open_secret(row) is None else Secret.SEALED
    return Secret.ENVIRONMENT if settings().stripe_webhook_secrets else Secret.UNKNOWN


def _is_being_made(here: list[SeenEndpoint], current: WebhookEndpoint | None) -> bool:
    """Tell whether Stripe made it and its answer was lost, or is on its way to another caller of ours."""
    is_pending = current is not None and current.endpoint_id is None
    return is_pending and any(current and seen.metadata.get(MADE_BY_ROW) == current.token for seen in here)


def _row_to_make(current: WebhookEndpoint | None) -> WebhookEndpoint:
    """Return the row to fill: another one where the endpoint of the current row was deleted at Stripe."""
    if current is not None and current.endpoint_id is not None:
        return rows.replace_current(_account(), shown=current.endpoint_id)
    return rows.ensure_current(_account())


def _create(row: WebhookEndpoint) -> Changed:
    if row.endpoint_id is not None:  # another caller was faster
        return Changed(done=Done.MADE, endpoint_id=row.endpoint_id)
    url, events = webhook_address(), sorted(HANDLED)
    digest = hashlib.sha256(repr((url, events)).encode()).hexdigest()[:12]
    try:
        seen, secret = create_endpoint(
            url,
            events,
            description=read_profile().name,
            metadata={"storefront": shop_id(), MADE_BY_ROW: row.token},
            idempotency_key=f"webhook:{shop_id()}:{row.token}:{digest}",
        )
    except StripeFault:
        rows.renew_token(row)
        raise
    except StripeRefused as error:
        raise _as_permission(error) from error
    rows.keep_made(row, seen, secret)
    return Changed(done=Done.MADE, endpoint_id=seen.id)


def _mend(check: EndpointCheck) -> Changed:
    """Add the events that are missing and switch it on; events that the shop ignores stay."""
    endpoint_id = check.endpoint_id or ""
    if check.is_enabled and not check.missing:
        return Changed(done=Done.NOTHING, endpoint_id=endpoint_id)
    events = sorted(HANDLED | set(check.superfluous)) if check.missing else None
    change_endpoint(endpoint_id, events=events, is_enabled=None if check.is_enabled else True)
    with transaction() as session:
        after = {"events_added": list(check.missing), "enabled": True}
        rows.record_change(session, "webhook.mended", endpoint_id, after=after)
    return Changed(done=Done.MENDED, endpoint_id=endpoint_id)
