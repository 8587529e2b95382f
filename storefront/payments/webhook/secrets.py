"""The signing secrets of endpoints that the shop made: sealed in the database, and open in memory only."""

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from threading import Lock

from sqlalchemy import select, update

from storefront.core import clock
from storefront.core.db import db, transaction
from storefront.core.measurements import GOOD_SIGNATURE_AT, measurements
from storefront.core.runtime import Part, settings
from storefront.core.sealing import SealedByOther, seal, unseal
from storefront.payments.webhook.models import WebhookEndpoint
from storefront.stripe_api.gateway import gateway
from storefront.stripe_api.seen_event import SeenEvent
from storefront.stripe_api.signatures import is_signed_with

log = logging.getLogger(__name__)

PURPOSE = "storefront webhook secrets"
# A signature that fits nothing makes this process read the rows again, once in so long: rubbish costs no more.
READ_AGAIN_SECONDS = 1.0
KNOWN_SECONDS = 300.0  # what another process has forgotten meanwhile is forgotten here, too


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSecret:
    row_id: int
    secret: str = field(repr=False)
    has_delivered: bool


def seal_secret(secret: str, *, mode: str, token: str) -> bytes:
    return seal(secret.encode(), purpose=PURPOSE, name=f"{mode}:{token}", secret_key=settings().secret_key)


def open_secret(row: WebhookEndpoint) -> str | None:
    """Return the secret; None where there is none, or SECRET_KEY was changed since it was sealed."""
    if row.sealed is None:
        return None
    try:
        opened = unseal(
            row.sealed, purpose=PURPOSE, name=f"{row.mode}:{row.token}", secret_keys=settings().secret_keys
        )
    except SealedByOther:
        return None
    return opened.decode()


class EndpointSecrets:
    """What this process knows. A secret that another one has made is learned by the first delivery with it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._known: tuple[OpenSecret, ...] = ()
        self._read_at: float | None = None

    def _is_old(self) -> bool:
        return self._read_at is None or time.monotonic() - self._read_at > KNOWN_SECONDS

    def sources(self) -> Iterator[tuple[str, ...]]:
        """Yield what is known, and then, if that did not fit, what is in the database by now."""
        if self._is_old():
            self._read_again()
        known = self._known
        if known:
            yield tuple(one.secret for one in known)
        self._read_again()
        if self._known != known:
            yield tuple(one.secret for one in self._known if one not in known)

    def _read_again(self) -> None:
        with self._lock:
            now = time.monotonic()
            if self._read_at is not None and now - self._read_at < READ_AGAIN_SECONDS:
                return  # another thread has just done so
            self._known = _read_secrets()
            self._read_at = now

    def forget(self) -> None:
        """Read again at the next need: this process has made a secret."""
        self._read_at = None

    def note_delivery(self, payload: bytes, signature: str) -> None:
        """Store that an endpoint has delivered, once: costs nothing while there is none that has not."""
        for one in self._known:
            if not one.has_delivered and is_signed_with(payload, signature, one.secret):
                _stamp_delivered(one.row_id)
                self._read_at = None
                self._read_again()


SECRETS = Part("webhook secrets", EndpointSecrets)


def verify_delivery(payload: bytes, signature: str) -> SeenEvent:
    """Check a delivery with the secrets of the environment and those that the shop made.

    A good one is measured, as the ledger keeps nothing new of one that was handled before; not one of Stripe's
    other mode, which says nothing of the endpoint of this one.

    Raises:
        BadSignature, StaleSignature, BadPayload: see `Gateway.verify_event`.
    """
    known = SECRETS.get()
    event = gateway().verify_event(payload, signature, known.sources())
    if event.livemode == settings().is_live:
        measurements().see(GOOD_SIGNATURE_AT, settings().mode)
    known.note_delivery(payload, signature)
    return event


def _read_secrets() -> tuple[OpenSecret, ...]:
    """Read those of the running mode, of every account: a signature is proof enough whose delivery it is."""
    rows = db.session.scalars(
        select(WebhookEndpoint).where(WebhookEndpoint.mode == settings().mode, WebhookEndpoint.sealed.is_not(None))
    ).all()
    opened = [(row, open_secret(row)) for row in rows]
    if any(secret is None for _row, secret in opened):
        log.warning("a webhook secret was sealed with another SECRET_KEY")
    return tuple(
        OpenSecret(row_id=row.id, secret=secret, has_delivered=row.delivered_at is not None)
        for row, secret in opened
        if secret is not None
    )


def _stamp_delivered(row_id: int) -> None:
    with transaction() as session:
        session.execute(
            update(WebhookEndpoint)
            .where(WebhookEndpoint.id == row_id, WebhookEndpoint.delivered_at.is_(None))
            .values(delivered_at=clock.now())
        )
