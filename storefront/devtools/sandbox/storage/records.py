"""Stripe objects as JSON rows: the public body, and what only the sandbox may know beside it."""

import json
import sqlite3
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass(slots=True, kw_only=True)
class Record:
    body: Json
    private: Json = field(default_factory=dict)
    deleted: bool = False

    @property
    def id(self) -> str:
        return str(self.body["id"])

    @property
    def kind(self) -> str:
        return str(self.body["object"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Asks for one page of a list: `where` compares members of the body, `sql` adds conditions with `values`."""

    kind: str
    limit: int = 10
    starting_after: str | None = None
    ending_before: str | None = None
    where: tuple[tuple[str, str | int | bool], ...] = ()
    sql: tuple[str, ...] = ()
    values: tuple[str | int, ...] = ()

    @property
    def is_backwards(self) -> bool:
        return self.ending_before is not None

    @property
    def cursor(self) -> str | None:
        return self.ending_before if self.is_backwards else self.starting_after


class UnknownCursorError(LookupError):
    """`starting_after` or `ending_before` names no object of this kind."""


class Records:
    """The rows of one open transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    def find(self, kind: str, object_id: str) -> Record | None:
        row = self.connection.execute(
            "SELECT body, private, deleted FROM objects WHERE kind = ? AND id = ?", (kind, object_id)
        ).fetchone()
        return None if row is None else _record(row)

    def get(self, kind: str, object_id: str) -> Record:
        record = self.find(kind, object_id)
        if record is None:
            raise LookupError(f"{kind} {object_id}")
        return record

    def add(self, body: Json, private: Json | None = None) -> Record:
        record = Record(body=body, private=private or {})
        self.connection.execute(
            "INSERT INTO objects (kind, id, created, body, private) VALUES (?, ?, ?, ?, ?)",
            (record.kind, record.id, body.get("created", 0), json.dumps(body), json.dumps(record.private)),
        )
        return record

    def save(self, record: Record) -> None:
        self.connection.execute(
            "UPDATE objects SET body = ?, private = ?, deleted = ? WHERE kind = ? AND id = ?",
            (json.dumps(record.body), json.dumps(record.private), record.deleted, record.kind, record.id),
        )

    def page(self, query: Query) -> tuple[list[Record], bool]:
        """Return a page, newest first, and whether more lie in the direction of travel."""
        conditions, values = self._conditions(query)
        direction = "ASC" if query.is_backwards else "DESC"
        rows = self.connection.execute(
            f"SELECT body, private, deleted FROM objects WHERE {' AND '.join(conditions)}"  # noqa: S608 - own text only
            f" ORDER BY seq {direction} LIMIT ?",
            (*values, query.limit + 1),
        ).fetchall()
        records = [_record(row) for row in rows[: query.limit]]
        return records[::-1] if query.is_backwards else records, len(rows) > query.limit

    def find_newest(self, query: Query) -> Record | None:
        """Return the first object of the page."""
        records, _ = self.page(query)
        return records[0] if records else None

    def _conditions(self, query: Query) -> tuple[list[str], list[str | int]]:
        """Return SQL conditions and the values of their question marks."""
        conditions: list[str] = ["kind = ?", "deleted = 0", *query.sql]
        values: list[str | int] = [query.kind, *query.values]
        for name, wanted in query.where:
            conditions.append("json_extract(body, ?) = ?")
            values += [f"$.{name}", wanted]
        if query.cursor is not None:
            conditions.append("seq > ?" if query.is_backwards else "seq < ?")
            values.append(self._place(query.kind, query.cursor))
        return conditions, values

    def _place(self, kind: str, object_id: str) -> int:
        row = self.connection.execute(
            "SELECT seq FROM objects WHERE kind = ? AND id = ?", (kind, object_id)
        ).fetchone()
        if row is None:
            raise UnknownCursorError(object_id)
        return int(row["seq"])


def _record(row: sqlite3.Row) -> Record:
    return Record(body=json.loads(row["body"]), private=json.loads(row["private"]), deleted=bool(row["deleted"]))
