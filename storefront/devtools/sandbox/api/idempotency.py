"""Idempotency keys (https://docs.stripe.com/api/idempotent_requests): reserve, replay, refuse, store."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from storefront.devtools.sandbox.api.errors import StripeApiError, invalid
from storefront.devtools.sandbox.api.form_encoding import Tree
from storefront.devtools.sandbox.storage.store import Store
from storefront.devtools.sandbox.storage.unit_of_work import UnitOfWork

_KEPT_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAnswer:
    status: int
    text: str
    request_id: str


def fingerprint(method: str, path: str, tree: Tree) -> str:
    """Return a text that is the same for the same call, in whatever order its parameters were written."""
    text = json.dumps([method, path, tree], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


@contextmanager
def reserved(store: Store, key: str) -> Iterator[None]:
    """Answer 409 to others while the first call with this key runs. Reservations die with the process."""
    if len(key) > 255:
        raise invalid("Idempotency key is too long: it can have at most 255 characters.", is_stored=False)
    with store.in_flight_lock:
        if key in store.in_flight_keys:
            raise _in_use(key)
        store.in_flight_keys.add(key)
    try:
        yield
    finally:
        with store.in_flight_lock:
            store.in_flight_keys.discard(key)


def _in_use(key: str) -> StripeApiError:
    return StripeApiError(
        409,
        "There is currently another in-progress request using this Idempotent Key (that probably means you"
        f" submitted twice, and the other request is still going through): {key}. Please try again later.",
        kind="idempotency_error",
        code="idempotency_key_in_use",
        is_stored=False,
    )


def find_stored(work: UnitOfWork, key: str, fingerprint: str) -> StoredAnswer | None:
    """Return the stored answer; raise Stripe's idempotency_error when the key was used for another call."""
    connection = work.records.connection
    connection.execute("DELETE FROM idempotency WHERE created < ?", (work.now - _KEPT_SECONDS,))
    row = connection.execute(
        "SELECT fingerprint, status, body, request_id FROM idempotency WHERE key = ?", (key,)
    ).fetchone()
    if row is None:
        return None
    if row["fingerprint"] != fingerprint:
        raise StripeApiError(
            400,
            "Keys for idempotent requests can only be used with the same parameters they were first used with. Try"
            f" using a key other than '{key}' if you meant to execute a different request.",
            kind="idempotency_error",
            is_stored=False,
        )
    return StoredAnswer(status=row["status"], text=row["body"], request_id=row["request_id"])


def keep(work: UnitOfWork, key: str, fingerprint: str, answer: StoredAnswer) -> None:
    work.records.connection.execute(
        "INSERT OR REPLACE INTO idempotency (key, fingerprint, status, body, request_id, created)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (key, fingerprint, answer.status, answer.text, answer.request_id, work.now),
    )
