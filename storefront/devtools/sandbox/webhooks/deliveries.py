"""Deliveries that are due, in the database: claimed, sent, tried again, held back, released."""

import random
import sqlite3
import time
from dataclasses import dataclass
from itertools import pairwise
from operator import itemgetter

from storefront.devtools.sandbox.api.json_rendering import render
from storefront.devtools.sandbox.api.older_shapes import event_for
from storefront.devtools.sandbox.event_types import matches_any
from storefront.devtools.sandbox.settings import Settings
from storefront.devtools.sandbox.storage.records import Record, Records
from storefront.devtools.sandbox.storage.store import Store

_SNIPPET = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    id: int
    attempt: int
    url: str
    secret: str
    payload: str
    timeout_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """`status=None`: no answer, `error` says why."""

    status: int | None
    latency_ms: int
    response: str | None = None
    error: str | None = None

    @property
    def is_success(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def recover(store: Store) -> None:
    """Send again, after a restart, what was on its way when the process ended (at least once)."""
    with store.database.transaction() as connection:
        connection.execute("UPDATE deliveries SET state = 'pending' WHERE state = 'in_flight'")


def claim(store: Store, limit: int) -> list[Delivery]:
    """Take what is due; the endpoint may have been disabled or deleted meanwhile, then it is dropped."""
    with store.database.transaction() as connection:
        rows = connection.execute(
            "UPDATE deliveries SET state = 'in_flight', attempts = attempts + 1 WHERE id IN"
            " (SELECT id FROM waiting_deliveries WHERE due_at <= ? ORDER BY due_at, id LIMIT ?)"
            " RETURNING id, event_id, endpoint_id, attempts",
            (time.time(), limit),
        ).fetchall()
        due = [_load(connection, store.settings, row) for row in sorted(rows, key=itemgetter("id"))]
    return [delivery for delivery in due if delivery is not None]


def _load(connection: sqlite3.Connection, settings: Settings, row: sqlite3.Row) -> Delivery | None:
    records = Records(connection)
    endpoint = records.find("webhook_endpoint", row["endpoint_id"])
    event = records.find("event", row["event_id"])
    if event is None or endpoint is None or not is_enabled(endpoint):
        connection.execute("UPDATE deliveries SET state = 'dropped' WHERE id = ?", (row["id"],))
        return None
    return Delivery(
        id=row["id"],
        attempt=row["attempts"],
        url=endpoint.body["url"],
        secret=endpoint.private["secret"],
        payload=render(event_for(records, event.body, endpoint.body["api_version"])),
        timeout_seconds=settings.webhook_timeout_seconds,
    )


def is_enabled(endpoint: Record) -> bool:
    return not endpoint.deleted and endpoint.body["status"] == "enabled"


def record(store: Store, delivery: Delivery, result: Result) -> None:
    """Note the attempt; a failure is due again later, or never after the last delay."""
    state, due_at = _next_state(store.settings, delivery, result)
    with store.database.transaction() as connection:
        updated = connection.execute(
            "UPDATE deliveries SET state = ?, due_at = ? WHERE id = ? AND state = 'in_flight'",
            (state, due_at, delivery.id),
        )
        # After a reset the row is gone, and its attempt with it.
        if updated.rowcount:
            _note_attempt(connection, delivery, result)


def _next_state(settings: Settings, delivery: Delivery, result: Result) -> tuple[str, float]:
    """Return the state after an attempt, and when the delivery is due again, in Unix seconds."""
    if result.is_success:
        return "succeeded", 0.0
    if delivery.attempt > len(settings.retry_delays):
        return "failed", 0.0
    return "pending", time.time() + settings.retry_delays[delivery.attempt - 1] * settings.retry_scale


def _note_attempt(connection: sqlite3.Connection, delivery: Delivery, result: Result) -> None:
    connection.execute(
        "INSERT INTO attempts (delivery_id, attempt, at, status, latency_ms, response, error)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            delivery.id,
            delivery.attempt,
            time.time(),
            result.status,
            result.latency_ms,
            (result.response or "")[:_SNIPPET],
            result.error,
        ),
    )


def next_due(store: Store) -> float | None:
    """Return when the next delivery that waits is due, in Unix seconds."""
    with store.database.transaction() as connection:
        row = connection.execute("SELECT due_at FROM waiting_deliveries ORDER BY due_at LIMIT 1").fetchone()
    return None if row is None else float(row["due_at"])


def release(
    store: Store,
    *,
    types: tuple[str, ...] = ("*",),
    object_id: str | None = None,
    order: str = "oldest_first",
) -> int:
    """Let held deliveries go.

    `newest_first` sends each when the one before it was answered; `shuffled` a moment apart, as they come.
    """
    # A small gap keeps the order visible, though sending is parallel.
    gap_seconds = 0.05 if order == "shuffled" else 0.0
    with store.database.transaction() as connection:
        ids = _in_order(_held_ids(connection, types, object_id), order)
        now = time.time()
        connection.executemany(
            "UPDATE deliveries SET state = 'pending', due_at = ? WHERE id = ?",
            [(now + gap_seconds * place, delivery_id) for place, delivery_id in enumerate(ids)],
        )
        if order == "newest_first":
            connection.executemany(
                "INSERT OR REPLACE INTO turns (after_id, delivery_id) VALUES (?, ?)", pairwise(ids)
            )
    store.on_deliveries()
    return len(ids)


def _held_ids(connection: sqlite3.Connection, types: tuple[str, ...], object_id: str | None) -> list[int]:
    rows = connection.execute(
        "SELECT id, event_type FROM deliveries"
        " WHERE state = 'held' AND (:object_id IS NULL OR object_id = :object_id) ORDER BY id",
        {"object_id": object_id},
    )
    return [int(row["id"]) for row in rows if matches_any(row["event_type"], types)]


def _in_order(ids: list[int], order: str) -> list[int]:
    if order == "newest_first":
        return ids[::-1]
    if order == "shuffled":
        return random.sample(ids, len(ids))
    return ids
