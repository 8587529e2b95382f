"""The sandbox's SQLite file: one connection, one lock, one transaction at a time."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS objects (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, id TEXT NOT NULL, created INTEGER NOT NULL,
  deleted INTEGER NOT NULL DEFAULT 0, body TEXT NOT NULL, private TEXT NOT NULL, UNIQUE (kind, id));
CREATE INDEX IF NOT EXISTS objects_kind ON objects (kind, seq);
CREATE INDEX IF NOT EXISTS objects_payment ON objects (kind, json_extract(body, '$.payment_intent'));
CREATE INDEX IF NOT EXISTS objects_type ON objects (kind, json_extract(body, '$.type')) WHERE kind = 'event';
CREATE TABLE IF NOT EXISTS idempotency (
  key TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, status INTEGER NOT NULL, body TEXT NOT NULL,
  request_id TEXT NOT NULL, created REAL NOT NULL);
CREATE INDEX IF NOT EXISTS idempotency_created ON idempotency (created);
CREATE TABLE IF NOT EXISTS timers (
  kind TEXT NOT NULL, object_id TEXT NOT NULL, due_at REAL NOT NULL, PRIMARY KEY (kind, object_id));
CREATE INDEX IF NOT EXISTS timers_due ON timers (due_at);
CREATE TABLE IF NOT EXISTS deliveries (
  id INTEGER PRIMARY KEY AUTOINCREMENT, event_id TEXT NOT NULL, event_type TEXT NOT NULL, object_id TEXT,
  endpoint_id TEXT NOT NULL, state TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, due_at REAL NOT NULL,
  is_resend INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries (state, due_at);
CREATE INDEX IF NOT EXISTS deliveries_event ON deliveries (event_id);
CREATE INDEX IF NOT EXISTS deliveries_object ON deliveries (object_id);
CREATE TABLE IF NOT EXISTS turns (delivery_id INTEGER PRIMARY KEY, after_id INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS attempts (
  id INTEGER PRIMARY KEY AUTOINCREMENT, delivery_id INTEGER NOT NULL, attempt INTEGER NOT NULL, at REAL NOT NULL,
  status INTEGER, latency_ms INTEGER NOT NULL, response TEXT, error TEXT);
CREATE INDEX IF NOT EXISTS attempts_delivery ON attempts (delivery_id);
CREATE VIEW IF NOT EXISTS waiting_deliveries AS
  SELECT id, due_at FROM deliveries WHERE state = 'pending' AND NOT EXISTS (
    SELECT 1 FROM turns JOIN deliveries AS earlier ON earlier.id = turns.after_id
    WHERE turns.delivery_id = deliveries.id AND earlier.state IN ('pending', 'in_flight')
    AND NOT EXISTS (SELECT 1 FROM attempts WHERE attempts.delivery_id = earlier.id));
"""


class DatabaseClosedError(RuntimeError):
    """The sandbox has stopped; a thread that comes late has nothing left to write to."""


class Database:
    """Everything is serialized by one lock: a stand-in needs to be right before it needs to be parallel."""

    def __init__(self, path: Path | None) -> None:
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._closed = False
        self._depth = 0
        self._connection = sqlite3.connect(path or ":memory:", check_same_thread=False, isolation_level=None)
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("PRAGMA journal_mode = WAL")
        # NORMAL survives the death of the process, which is all a sandbox promises.
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.executescript(_SCHEMA)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Commit at the end or roll back; inside another transaction of the same thread, just take part."""
        with self._lock:
            if self._closed:
                raise DatabaseClosedError
            if self._depth:
                yield self._connection
                return
            self._connection.execute("BEGIN IMMEDIATE")
            self._depth = 1
            try:
                yield self._connection
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            else:
                self._connection.execute("COMMIT")
            finally:
                self._depth = 0

    def close(self) -> None:
        with self._lock:
            if not self._closed:
                self._closed = True
                self._connection.close()
