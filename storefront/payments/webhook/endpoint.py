"""The shop's endpoint at Stripe: checked, made by one button, mended, replaced with a new secret."""

import hashlib
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from storefront.core.config.live import is_on_internet
from storefront.core.config.settings import Mode
from storefront.core.db import transaction
from storefront.core.errors import StorefrontError, StripeFault, StripeMissing, StripeRefused
from storefront.core.runtime import absolute_url, settings
from storefront.payments.webhook import endpoint_rows as rows
from storefront.payments.webhook.event_types import HANDLED
from storefront.payments.webhook.models import WebhookEndpoint
from storefront.payments.webhook.secrets import open_secret
from storefront.shop.catalog.mirrors import shop_id
from storefront.shop.profile.read import read_profile
from storefront.stripe_api.endpoints import (
    API_VERSION,
    SeenEndpoint,
    change_endpoint,
    create_endpoint,
    list_endpoints,
)
from storefront.stripe_api.gateway import gateway
from storefront.stripe_api.refusals import NOT_PERMITTED

EVERYTHING = "*"
MADE_BY_SHOP, MADE_BY_ROW = "storefront", "storefront_endpoint"
USUAL_PORTS = {"https": 443, "http": 80}
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
    """`endpoint_id=None`: there is none at our address. `others` are enabled ones at the same address.

    `elsewhere` are enabled ones that the shop made when it had another BASE_URL, each with its address.
    """

    address: str
    endpoint_id: str | None = None
    is_enabled: bool = False
    api_version: str | None = None
    missing: tuple[str, ...] = ()
    superfluous: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()
    secret: Secret = Secret.UNKNOWN
    has_delivered: bool = False  # to the secret that the shop made


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """What is at Stripe, and what the shop knows of it.

    `here` are endpoints at our address, `elsewhere` are enabled ones that this shop made at another. `own` is the
    row of the one that the shop made. `gone` is the endpoint of the current row where Stripe has it no longer, or
    at another address.
    """

    account: str
    here: tuple[SeenEndpoint, ...]
    elsewhere: tuple[SeenEndpoint, ...]
    enabled_ids: frozenset[str]  # at whatever address
    current: WebhookEndpoint | None
    own: WebhookEndpoint | None
    gone: str | None


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
    """Tell whether Stripe delivers there: https, and on the internet. The sandbox is on this machine, too."""
    return mode is Mode.SANDBOX or (urlsplit(base_url).scheme == "https" and is_on_internet(base_url))


def check_endpoint() -> EndpointCheck:
    """Ask Stripe. No transaction may be open.

    Raises:
        StripeUnavailable: nobody knows.
        KeyNotPermitted: the key may not read endpoints.
    """
    look = _look()
    check = _check(look)
    if check.secret is Secret.SEALED and check.has_delivered and check.is_enabled:
        rows.forget_replaced(look.account, but=look.enabled_ids)
    return check


def make_endpoint() -> Changed:
    """Make the endpoint, or add what the one at our address lacks. Pressed twice it is one.

    Raises:
        NotReachable: Stripe delivers to https addresses on the internet only.
        SecretUnknown: somebody else made the one that is there; `replace_endpoint` makes a new one.
        StripeUnavailable, StripeRefused, KeyNotPermitted: of Stripe; a new try goes on where this one ended. Of
            two presses at once the second may be told StripeInProgress.
    """
    _demand_reachable()
    look = _look()
    check = _check(look)
    if check.endpoint_id is None or _is_being_made(look):
        return _create(_row_to_fill(look))
    if check.secret is Secret.LOCKED:
        return _create(_row_to_fill(look, shown=check.endpoint_id))
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
    row = _row_to_fill(_look(), shown=shown)
    if row.endpoint_id is not None:
        return Changed(done=Done.NOTHING, endpoint_id=row.endpoint_id)
    return _create(row)


def _demand_proof(check: EndpointCheck) -> None:
    if check.secret is not Secret.SEALED or not check.has_delivered:
        raise NothingDelivered(
            "Keep the old endpoint until the new one has delivered something, for example a test purchase."
        )
    if not check.is_enabled or check.missing:
        trouble = "lacks events" if check.is_enabled else "is disabled"
        raise NothingDelivered(f"{check.endpoint_id} {trouble}. Mend it first: until then the old one is needed.")


def disable_others() -> list[str]:
    """Disable other endpoints at our address, and ours at an old one, once the new one has proven itself.

    Returns their ids.

    Raises:
        NothingDelivered: the new one has not, or does so no longer.
    """
    look = _look()
    check = _check(look)
    _demand_proof(check)
    addresses = dict.fromkeys(check.others, check.address) | {seen.id: seen.url for seen in look.elsewhere}
    for endpoint_id, address in addresses.items():
        with suppress(StripeMissing):  # deleted meanwhile
            _change(endpoint_id, is_enabled=False)
        rows.keep_disabled(endpoint_id, url=address)
    return list(addresses)


def _account() -> str:
    return gateway().account_id()


def _demand_reachable() -> None:
    shop = settings()
    if not is_reachable(shop.mode, shop.base_url):
        raise NotReachable(
            f"Stripe delivers to https addresses on the internet, and BASE_URL is {shop.base_url}. {LISTEN} "
            "and put the whsec_… that it prints into STRIPE_WEBHOOK_SECRET."
        )


def _current_id(account: str) -> str | None:
    current = rows.find_current(account)
    return current.endpoint_id if current else None


def _ids_of(endpoints: Iterable[SeenEndpoint]) -> frozenset[str]:
    return frozenset(seen.id for seen in endpoints)


def _made_by_shop(endpoints: Iterable[SeenEndpoint]) -> list[SeenEndpoint]:
    shop = shop_id()
    return [seen for seen in endpoints if seen.metadata.get(MADE_BY_SHOP) == shop]


def _look() -> _Look:
    """The row is read before Stripe is asked and after it: what another caller makes meanwhile is not gone."""
    account = _account()
    before_id = _current_id(account)
    endpoints = _list()
    address = _plain(webhook_address())
    enabled = [seen for seen in endpoints if seen.is_enabled]
    here = tuple(seen for seen in endpoints if _plain(seen.url) == address)
    here_ids = _ids_of(here)
    current = rows.find_current(account)
    return _Look(
        account=account,
        here=here,
        elsewhere=tuple(seen for seen in _made_by_shop(enabled) if seen not in here),
        enabled_ids=_ids_of(enabled),
        current=current,
        own=_own_row(current, here),
        gone=None if before_id in here_ids else before_id,
    )


def _plain(address: str) -> tuple[str, str, int | None, str]:
    """Return what tells two addresses apart: capitals of a host and the usual port do not."""
    parts = urlsplit(address)
    return parts.scheme, parts.hostname or "", parts.port or USUAL_PORTS.get(parts.scheme), parts.path


def _list() -> list[SeenEndpoint]:
    try:
        return list_endpoints()
    except StripeRefused as error:
        raise _as_permission(error) from error


def _as_permission(error: StripeRefused) -> StorefrontError:
    if error.stripe_code != NOT_PERMITTED:
        return error
    return KeyNotPermitted(
        "The restricted key may not change webhook endpoints. In the Stripe Dashboard, give it the permission "
        "Webhook Endpoints (write)."
    )


def _own_row(current: WebhookEndpoint | None, here: Sequence[SeenEndpoint]) -> WebhookEndpoint | None:
    """Return the row of an endpoint at our address: the current one's, or else one that we made."""
    if current is not None and current.endpoint_id in _ids_of(here):
        return current
    return rows.find_made([seen.id for seen in here if seen.is_enabled])


def _missing(events: frozenset[str]) -> tuple[str, ...]:
    return () if EVERYTHING in events else tuple(sorted(HANDLED - events))


def _check(look: _Look) -> EndpointCheck:
    own = look.own
    ours = _choose(look.here, own)
    if ours is None:
        return EndpointCheck(address=webhook_address(), elsewhere=_named(look.elsewhere))
    return EndpointCheck(
        address=ours.url,
        endpoint_id=ours.id,
        is_enabled=ours.is_enabled,
        api_version=ours.api_version,
        missing=_missing(ours.events),
        superfluous=tuple(sorted(ours.events - HANDLED)),
        others=tuple(sorted(seen.id for seen in look.here if seen.is_enabled and seen.id != ours.id)),
        elsewhere=_named(look.elsewhere),
        secret=_secret_of(own),
        has_delivered=own is not None and own.delivered_at is not None,
    )


def _named(endpoints: tuple[SeenEndpoint, ...]) -> tuple[str, ...]:
    return tuple(sorted(f"{seen.id} at {seen.url}" for seen in endpoints))


def _choose(here: tuple[SeenEndpoint, ...], own: WebhookEndpoint | None) -> SeenEndpoint | None:
    """Prefer the one that the shop made, then one that is enabled, then the newest."""
    own_id = own.endpoint_id if own else None
    return min(here, key=lambda seen: (seen.id != own_id, not seen.is_enabled), default=None)


def _secret_of(row: WebhookEndpoint | None) -> Secret:
    if row is not None:
        return Secret.LOCKED if open_secret(row) is None else Secret.SEALED
    return Secret.ENVIRONMENT if settings().stripe_webhook_secrets else Secret.UNKNOWN


def _is_being_made(look: _Look) -> bool:
    """Tell whether Stripe made it and its answer was lost, or is on its way to another caller of ours."""
    current = look.current
    if current is None or current.endpoint_id is not None:
        return False
    return any(seen.metadata.get(MADE_BY_ROW) == current.token for seen in look.here)


def _row_to_fill(look: _Look, *, shown: str | None = None) -> WebhookEndpoint:
    """Return the row to fill: another one where the endpoint of the current row is `shown`, or gone at Stripe."""
    return rows.replace_current(look.account, shown=look.gone or shown)


def _create(row: WebhookEndpoint) -> Changed:
    if row.endpoint_id is not None:  # another caller was faster
        return Changed(done=Done.MADE, endpoint_id=row.endpoint_id)
    url, events, name = webhook_address(), sorted(HANDLED), read_profile().name
    digest = hashlib.sha256(repr((url, events, name, API_VERSION)).encode()).hexdigest()[:12]
    try:
        seen, secret = create_endpoint(
            url,
            events,
            description=name,
            metadata={MADE_BY_SHOP: shop_id(), MADE_BY_ROW: row.token},
            idempotency_key=f"webhook:{shop_id()}:{row.token}:{digest}",
        )
    except StripeFault:
        rows.renew_token(row)
        raise
    except StripeRefused as error:
        rows.renew_token(row)  # Stripe says it again for a day, whatever becomes of the cause
        raise _as_permission(error) from error
    rows.keep_made(row, seen, secret)
    return Changed(done=Done.MADE, endpoint_id=seen.id)


def _mend(check: EndpointCheck) -> Changed:
    """Add the events that are missing and switch it on; events that the shop ignores stay."""
    endpoint_id = check.endpoint_id or ""
    if check.is_enabled and not check.missing:
        return Changed(done=Done.NOTHING, endpoint_id=endpoint_id)
    events = sorted(HANDLED | set(check.superfluous)) if check.missing else None
    _change(endpoint_id, events=events, is_enabled=None if check.is_enabled else True)
    with transaction() as session:
        after = {"events_added": list(check.missing), "enabled": True}
        rows.record_change(session, "webhook.mended", endpoint_id, after=after)
    return Changed(done=Done.MENDED, endpoint_id=endpoint_id)


def _change(endpoint_id: str, *, events: list[str] | None = None, is_enabled: bool | None) -> None:
    try:
        change_endpoint(endpoint_id, events=events, is_enabled=is_enabled)
    except StripeRefused as error:
        raise _as_permission(error) from error
