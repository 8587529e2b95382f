"""Which licenses do not work now: computed through access(), never stored; signed like a license file."""

import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import current_app
from sqlalchemy import func, select

from storefront import clock
from storefront.db import db
from storefront.licenses.codes import OF_REASON, Code
from storefront.licenses.license_file import FILE_DAYS
from storefront.licenses.models import License, RetiredKey
from storefront.licenses.signing import sign
from storefront.orders.access import item_access
from storefront.orders.models import Grant, Order, OrderItem
from storefront.web import settings

KIND = "revocations+jwt"
VALID_SECONDS = 7 * 24 * 3600  # how long a device may trust the list it has
KEPT_SECONDS = 60  # one list a minute, however many ask
BATCH = 1000


@dataclass(frozen=True, slots=True)
class Revoked:
    license_id: int
    code: Code


def find_revoked() -> list[Revoked]:
    """Of the running mode: refunded, disputed, withdrawn. Expired ones say so themselves.

    One that works again is not on the next list.
    """
    rows = db.session.execute(
        select(License.id, License.withdrawn_at, Order, OrderItem)
        .join(Grant, Grant.id == License.grant_id)
        .join(OrderItem, OrderItem.id == Grant.order_item_id)
        .join(Order, Order.id == OrderItem.order_id)
        .where(License.mode == settings().mode)
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
    found: list[Revoked] = []
    for row in rows:
        allowed = item_access(row.Order, row.OrderItem)
        if not allowed.allowed:
            found.append(Revoked(row.id, OF_REASON[allowed.reason]))
        elif row.withdrawn_at is not None:
            found.append(Revoked(row.id, Code.WITHDRAWN))
    return found


def _find_reissued() -> dict[str, int]:
    """License id -> when its key was replaced: files from before are void. Older ones have ended anyhow."""
    since = clock.now() - timedelta(days=FILE_DAYS)
    rows = db.session.execute(
        select(RetiredKey.license_id, func.max(RetiredKey.retired_at))
        .join(License, License.id == RetiredKey.license_id)
        .where(License.mode == settings().mode, RetiredKey.retired_at > since)
        .group_by(RetiredKey.license_id)
    )
    return {str(license_id): int(retired_at.timestamp()) for license_id, retired_at in rows}


def signed_list() -> str:
    """The JWS; made anew at most once a minute a process."""
    kept: tuple[float, str] | None = current_app.extensions.get("revocations")
    if kept and time.monotonic() - kept[0] < KEPT_SECONDS:
        return kept[1]
    now = int(clock.now().timestamp())
    claims: dict[str, Any] = {
        "iss": settings().base_url,
        "iat": now,
        "exp": now + VALID_SECONDS,
        "mode": settings().mode.value,
        "revoked": {str(each.license_id): each.code.value for each in find_revoked()},
        "reissued": _find_reissued(),
    }
    made = sign(claims, kind=KIND)
    current_app.extensions["revocations"] = (time.monotonic(), made)
    return made
