"""Deliveries that are due, in the database: claimed, sent, tried again, held back, released."""

import fnmatch
import json
import random
import sqlite3
import time
from dataclasses import dataclass

from storefront.devtools.sandbox.api.json_rendering import render
from storefront.devtools.sandbox.settings import Settings
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
    """After a restart: what was on its way when the process ended is sent again (at least once)."""
    with store.database.transaction() as connection:
        connection.execute("UPDATE deliveries SET state = 'pending' WHERE state = 'in_flight'")


def claim(store: Store, limit: int) -> list[Delivery]:
    """Take what is due; the endpoint may have been disabled or deleted meanwhile, then it is dropped."""
    with store.database.transaction() as connection:
        rows = connection.execute(
            "UPDATE deliveries SET state = 'in_flight', attempts = attempts + 1 WHERE id IN"
            " (SELECT id FROM deliveries WHERE state = 'pending' AND due_at <= ? ORDER BY due_at, id LIMIT ?)"
            " RETURNING id, event_id, endpoint_id, attempts",
            (time.time(), limit),
        ).fetchall()
        found = [_load(connection, store.settings, row) for row in sorted(rows, key=lambda row: int(row["id"]))]
    return [delivery for delivery in found if delivery is not None]


def _load(connection: sqlite3.Connection, settings: Settings, row: sqlite3.Row) -> Delivery | None:
    endpoint = connection.execute(
        "SELECT body, private, deleted FROM objects WHERE kind = 'webhook_endpoint' AND id = ?",
        (row["endpoint_id"],),
    ).fetchone()
    event = connection.execute(
        "SELECT body FROM objects WHERE kind = 'event' AND id = ?", (row["event_id"],)
    ).fetchone()
    body = json.loads(endpoint["body"]) if endpoint else {}
    if event is None or endpoint is None or endpoint["deleted"] or body["status"] != "enabled":
        connection.execute("UPDATE deliveries SET state = 'dropped' WHERE id = ?", (row["id"],))
        return None
    return Delivery(
        id=row["id"],
        attempt=row["attempts"],
        url=body["url"],
        secret=json.loads(endpoint["private"])["secret"],
        payload=render(json.loads(event["body"])),
        timeout_seconds=settings.webhook_timeout_seconds,
    )


def record(store: Store, delivery: Delivery, result: Result) -> None:
    """Note the attempt; a failure is due again later, or never after the last delay."""
    settings = store.settings
    with store.database.transaction() as connection:
        state, due_at = "succeeded", 0.0
        if not result.is_success:
            state = "failed"
            if delivery.attempt <= len(settings.retry_delays):
                state = "pending"
                due_at = time.time() + settings.retry_delays[delivery.attempt - 1] * settings.retry_scale
        known = connection.execute(
            "UPDATE deliveries SET state = ?, due_at = ? WHERE id = ? AND state = 'in_flight'",
            (state, due_at, delivery.id),
        )
        if known.rowcount:
            # After a reset the row is gone, and its attempt with it.
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
    """When something that waits becomes due."""
    with store.database.transaction() as connection:
        row = connection.execute("SELECT min(due_at) AS due FROM deliveries WHERE state = 'pending'").fetchone()
    return None if row["due"] is None else float(row["due"])


def release(
    store: Store,
    *,
    types: tuple[str, ...] = ("*",),
    object_id: str | None = None,
    order: str = "oldest_first",
) -> int:
    """Let held deliveries go; `newest_first` and `shuffled` send them one after the other in that order."""
    with store.database.transaction() as connection:
        rows = connection.execute(
            "SELECT id, event_type, object_id FROM deliveries WHERE state = 'held' ORDER BY id"
        ).fetchall()
        chosen = [
            int(row["id"])
            for row in rows
            if (object_id is None or row["object_id"] == object_id)
            and any(fnmatch.fnmatchcase(row["event_type"], pattern) for pattern in types)
        ]
        if order == "newest_first":
            chosen.reverse()
        elif order == "shuffled":
            random.shuffle(chosen)
        # A small gap keeps the asked-for order visible, though sending is parallel.
        gap = 0.0 if order == "oldest_first" else 0.05
        now = time.time()
        connection.executemany(
            "UPDATE deliveries SET state = 'pending', due_at = ? WHERE id = ?",
            [(now + gap * place, delivery_id) for place, delivery_id in enumerate(chosen)],
        )
    store.on_deliveries()
    return len(chosen)
