"""Mails in a SQLite file: kept raw, decoded when read; survives a restart."""

import email
import email.policy
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from storefront.devtools.loopback import ConfigError
from storefront.devtools.mailbox.decoding import attachment_name, body, headers, is_attached

SCHEMA = """
CREATE TABLE IF NOT EXISTS mails (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    received_at TEXT NOT NULL,
    envelope_from TEXT NOT NULL,
    envelope_to TEXT NOT NULL,
    raw BLOB NOT NULL
)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One received mail. `to` is the envelope's: who really got it. `text` and `html` are decoded."""

    id: int
    received_at: str
    sender: str
    to: tuple[str, ...]
    subject: str
    message_id: str
    headers: tuple[tuple[str, str], ...]
    text: str
    html: str
    attachments: tuple[str, ...]
    raw: bytes

    def to_json(self) -> dict[str, object]:
        return {
            "id": self.id,
            "received_at": self.received_at,
            "from": self.sender,
            "to": list(self.to),
            "subject": self.subject,
            "message_id": self.message_id,
            "headers": [list(header) for header in self.headers],
            "text": self.text,
            "html": self.html,
            "attachments": list(self.attachments),
        }


class MailStore:
    def __init__(self, path: Path | None) -> None:
        """Raises ConfigError when the file cannot be made or is something else."""
        try:
            self._connection = _open(path)
        except (OSError, sqlite3.Error) as error:
            raise ConfigError(f"{path} cannot be used for mails: {error}") from error
        self._lock = threading.Lock()

    @contextmanager
    def _locked(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            yield self._connection

    def add(self, *, sender: str, to: list[str], raw: bytes) -> None:
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        with self._locked() as connection:
            connection.execute(
                "INSERT INTO mails (received_at, envelope_from, envelope_to, raw) VALUES (?, ?, ?, ?)",
                (now, sender, "\n".join(to), raw),
            )

    def find(self, *, to: str = "", limit: int = 50, offset: int = 0) -> list[Mail]:
        """Return mails, newest first; `to` is a part of a recipient's address."""
        with self._locked() as connection:
            rows = connection.execute(
                "SELECT id, received_at, envelope_from, envelope_to, raw FROM mails"
                " WHERE instr(lower(envelope_to), lower(?)) > 0 ORDER BY id DESC LIMIT ? OFFSET ?",
                (to, limit, offset),
            ).fetchall()
        return [_read(*row) for row in rows]

    def get(self, mail_id: int) -> Mail | None:
        with self._locked() as connection:
            row = connection.execute(
                "SELECT id, received_at, envelope_from, envelope_to, raw FROM mails WHERE id = ?", (mail_id,)
            ).fetchone()
        return _read(*row) if row else None

    def clear(self) -> None:
        with self._locked() as connection:
            connection.execute("DELETE FROM mails")

    def close(self) -> None:
        with self._locked() as connection:
            connection.close()


def _open(path: Path | None) -> sqlite3.Connection:
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path or ":memory:", check_same_thread=False, isolation_level=None)
    try:
        connection.execute(SCHEMA)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _read(mail_id: int, received_at: str, sender: str, to: str, raw: bytes) -> Mail:
    message = email.message_from_bytes(raw, policy=email.policy.default)
    parts = [part for part in message.walk() if not part.is_multipart()]
    all_headers = headers(message)
    first = _first_of_each_name(all_headers)
    return Mail(
        id=mail_id,
        received_at=received_at,
        sender=first.get("from") or sender,
        to=tuple(to.split("\n")),
        subject=first.get("subject", ""),
        message_id=first.get("message-id", ""),
        headers=all_headers,
        text=body(parts, "text/plain"),
        html=body(parts, "text/html"),
        attachments=tuple(map(attachment_name, filter(is_attached, parts))),
        raw=raw,
    )


def _first_of_each_name(all_headers: tuple[tuple[str, str], ...]) -> dict[str, str]:
    return {name.lower(): value for name, value in reversed(all_headers)}
