"""Which licenses do not work now: computed through access(), never stored; signed like a license file."""

import time
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import Any

from sqlalchemy import Row, select

from storefront.core import clock
from storefront.core.db import db
from storefront.core.runtime import Part, settings
from storefront.delivery.licenses.codes import Code
from storefront.delivery.licenses.models import License
from storefront.delivery.licenses.queries import license_in_running_mode, select_sold_licenses
from storefront.delivery.licenses.signing.jws import sign
from storefront.delivery.licenses.validity import license_refusal
from storefront.orders.facts import item_facts
from storefront.orders.models import Order, OrderItem

KIND = "revocations+jwt"
VALID_SECONDS = 7 * 24 * 3600  # `exp`: when to want a newer one; an old list still takes away what it names
KEPT_SECONDS = 60  # one list a minute, however many ask
BATCH = 1000


@dataclass(frozen=True, slots=True)
class Revoked:
    license_id: int
    code: Code


def find_revoked() -> list[Revoked]:
    """Return the licenses of the running mode that were refunded, disputed or withdrawn; expired ones say so.

    A license that works again is not on the next list.
    """
    rows = db.session.execute(
        select_sold_licenses(License.id, License.withdrawn_at, License.expires_at, Order, OrderItem)
        # Only a filter of what cannot be revoked; access() decides about the rest.
        .where(
            License.withdrawn_at.is_not(None)
            | (Order.refunded_minor > 0)
            | Order.is_disputed
            | Order.dispute_status.is_not(None)
            | (Order.decision != "follow_payment")
            | OrderItem.is_refunded
        )
        .order_by(License.id)
        .execution_options(yield_per=BATCH, populate_existing=True)
    )
    now = clock.now()
    refusals = ((row.id, _refusal(row, now)) for row in rows)
    return [Revoked(license_id, code) for license_id, code in refusals if code and code is not Code.EXPIRED]


def _refusal(row: Row[Any], now: datetime) -> Code | None:
    facts = item_facts(row.Order, row.OrderItem)
    return license_refusal(facts, withdrawn_at=row.withdrawn_at, expires_at=row.expires_at, now=now)


def _find_reissued() -> dict[str, int]:
    """Return generations by license id, where a key was ever replaced: files with a smaller one are void."""
    rows = db.session.execute(
        select(License.id, License.generation)
        .where(license_in_running_mode(), License.generation > 1)
        .order_by(License.id)
    )
    return {str(row.id): row.generation for row in rows}


@dataclass(slots=True)
class NewestList:
    """The newest list of this process; `lock` is held by whoever makes the next one."""

    made_at: float = 0.0
    text: str = ""
    lock: Lock = field(default_factory=Lock)

    @property
    def is_fresh(self) -> bool:
        return bool(self.text) and time.monotonic() - self.made_at < KEPT_SECONDS


NEWEST_LIST = Part("revocations", NewestList)


def signed_revocation_list() -> str:
    """Return the JWS, made at most once a minute a process, by one request: others read the last one meanwhile."""
    kept = NEWEST_LIST.get()
    if kept.is_fresh or not kept.lock.acquire(blocking=not kept.text):
        return kept.text
    try:
        if not kept.is_fresh:
            text = _make_list()
            kept.text, kept.made_at = text, time.monotonic()
        return kept.text
    finally:
        kept.lock.release()


def _make_list() -> str:
    now = int(clock.now().timestamp())
    claims: dict[str, Any] = {
        "iss": settings().base_url,
        "iat": now,
        "exp": now + VALID_SECONDS,
        "mode": settings().mode.value,
        "revoked": {str(revoked.license_id): revoked.code.value for revoked in find_revoked()},
        "reissued": _find_reissued(),
    }
    return sign(claims, kind=KIND)
