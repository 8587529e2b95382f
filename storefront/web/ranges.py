"""Which part of a file a request wants, if any: preconditions first, then Range (RFC 9110, 13.2.2 and 14.2)."""

import re
from dataclasses import dataclass
from datetime import datetime

from werkzeug.datastructures import Headers
from werkzeug.http import parse_date, parse_etags, parse_if_range_header, parse_range_header

LAST_ZERO_BYTES = re.compile(r"\s*bytes\s*=\s*-0+\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """The file as it lies there: `etag` is strong and without quotes, `changed_at` has no microseconds."""

    etag: str
    changed_at: datetime
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Part:
    """`status` is 200, 206, 304, 412 or 416; the bytes from `start` to before `stop` belong to 200 and 206."""

    status: int
    start: int = 0
    stop: int = 0

    @property
    def has_body(self) -> bool:
        return self.status in (200, 206)


def find_part(method: str, headers: Headers, version: Version) -> Part:
    """Return what to answer. HEAD has no ranges (14.2); an unreadable one, or several, are the whole file."""
    refused = _failed_precondition(headers, version)
    if refused is not None:
        return Part(refused)
    ranged = None
    if method == "GET" and _is_same(headers.get("If-Range"), version):
        ranged = find_range(headers.get("Range", ""), version.size_bytes)
    return ranged or Part(200, 0, version.size_bytes)


def find_range(asked: str, size_bytes: int) -> Part | None:
    """Return 206 or 416, or None where the header is to be ignored."""
    if LAST_ZERO_BYTES.fullmatch(asked):
        return Part(416)
    parsed = parse_range_header(asked)
    if parsed is None or parsed.units != "bytes" or len(parsed.ranges) != 1:
        return None
    start, stop = parsed.ranges[0]
    if start < 0:
        return _last_bytes(-start, size_bytes)
    if start >= size_bytes:
        return Part(416)
    return Part(206, start, size_bytes if stop is None else min(stop, size_bytes))


def _last_bytes(count: int, size_bytes: int) -> Part | None:
    """Return the last bytes; of a shorter file that is all of it."""
    return Part(206, max(0, size_bytes - count), size_bytes) if size_bytes else None


def _failed_precondition(headers: Headers, version: Version) -> int | None:
    if not _is_wanted_version(headers, version):
        return 412
    return 304 if _is_known_version(headers, version) else None


def _is_wanted_version(headers: Headers, version: Version) -> bool:
    """If-Unmodified-Since does not count beside If-Match."""
    wanted = parse_etags(headers.get("If-Match"))
    if wanted:
        return wanted.contains(version.etag)
    unmodified_since = parse_date(headers.get("If-Unmodified-Since"))
    return unmodified_since is None or version.changed_at <= unmodified_since


def _is_known_version(headers: Headers, version: Version) -> bool:
    """If-Modified-Since does not count beside If-None-Match."""
    known = parse_etags(headers.get("If-None-Match"))
    if known:
        return known.contains_weak(version.etag)
    modified_since = parse_date(headers.get("If-Modified-Since"))
    return modified_since is not None and version.changed_at <= modified_since


def _is_same(condition: str | None, version: Version) -> bool:
    """Check If-Range: a strong tag, or exactly the date (13.1.5). Werkzeug's parser forgets that a tag is weak."""
    if condition is None:
        return True
    if condition.strip().upper().startswith("W/"):
        return False
    parsed = parse_if_range_header(condition)
    return parsed.date == version.changed_at if parsed.date else parsed.etag == version.etag
