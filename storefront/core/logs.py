"""Structured logs: a fixed lower-case phrase plus fields, one line each, with the request's id.

Never log a key, a token, an address or a Stripe payload: the phrase and ids explain enough.
"""

import json
import logging
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

request_id: ContextVar[str] = ContextVar("request_id", default="-")

_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}


def _fields(record: logging.LogRecord) -> dict[str, object]:
    return {key: value for key, value in record.__dict__.items() if key not in _STANDARD}


class _Discreet(logging.Formatter):
    """PostgreSQL repeats the row that failed in a DETAIL line, and rows hold keys and addresses."""

    def formatException(self, ei: Any) -> str:  # noqa: ANN401, N802 - logging's signature
        lines = super().formatException(ei).splitlines()
        return "\n".join(line for line in lines if not line.lstrip().startswith("DETAIL:"))


class JsonFormatter(_Discreet):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),  # logging itself refuses a field of this name
            "request_id": request_id.get(),
        }
        line = line | _fields(record) | line  # a field never replaces one of these
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


@lru_cache(maxsize=4)
def _when(second: int) -> str:
    """Write the time in UTC. It is kept for its second, because it costs as much as the rest of the line."""
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _in_one_line(value: object) -> str:
    """Write what would end the line, or move the cursor, as Python does: nobody forges a line by a field."""
    text = str(value)
    return text if text.isprintable() else repr(text)


class LineFormatter(_Discreet):
    def format(self, record: logging.LogRecord) -> str:
        when = _when(int(record.created))
        fields = " ".join(f"{key}={_in_one_line(value)}" for key, value in _fields(record).items())
        line = f"{when} {record.levelname.lower():7} {record.name}: {record.getMessage()} {fields}".rstrip()
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


def set_up_logs(*, as_json: bool, level: int = logging.INFO) -> None:
    """Send everything of this level and above to stderr. Safe to call again."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if as_json else LineFormatter())
    # Python's own advice where nobody logs these: finding them costs more than the line itself.
    # https://docs.python.org/3/howto/logging.html#optimization
    logging._srcfile = None  # noqa: SLF001 - documented there
    logging.logThreads = logging.logMultiprocessing = logging.logProcesses = False
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for noisy in ("stripe", "huey", "alembic.runtime.migration", "mail.log", "werkzeug", "flask-limiter"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
