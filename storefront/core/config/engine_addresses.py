"""What libraries read in an address of a database, queue or counter; without them, for they take tens of MB.

Each function returns False only for what its library refuses, too; a server may still refuse what is left.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from urllib.parse import parse_qs, urlsplit

from storefront.core.config.sqlite_files import is_true

Values = Mapping[str, list[str]]
# As in SQLAlchemy's `engine/url.py`, without the names of its parts.
SQLALCHEMY = re.compile(
    r"[\w+]+://(?:[^:/]*(?::[^@]*)?@)?(?:\[[^/?]+\]|[^/:?]+)?(?::(?P<port>[^/?]*))?(?:/[^?]*)?(?:\?(?P<query>.*))?"
)
# https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS
LIBPQ = re.compile(r"postgres(?:ql)?://(?:[^@/]*@)?(?P<hosts>[^/?]*)[^?]*(?:\?(?P<query>.*))?")
PORT = re.compile(r"\s*\d*\s*")
HOST = re.compile(rf"(?:\[[^\]]+\]|(?!\[)[^:]*)(?::{PORT.pattern})?")
NO_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})|%00")


def _boolean(text: str) -> bool:
    if not is_true(text) and text.strip().lower() not in {"false", "no", "off", "n", "f", "0"}:
        raise ValueError(text)
    return is_true(text)


def _natural(text: str) -> int:
    number = int(text)
    if number < 0:
        raise ValueError(text)
    return number


OF_SQLITE: Mapping[str, Callable[[str], object]] = {
    **dict.fromkeys(("uri", "check_same_thread"), _boolean),
    **dict.fromkeys(("detect_types", "cached_statements"), int),
    "timeout": float,
}
OF_REDIS: Mapping[str, Callable[[str], object]] = {
    "db": _natural,
    **dict.fromkeys(
        ("max_connections", "health_check_interval", "protocol", "ssl_min_version", "socket_read_size"), int
    ),
    **dict.fromkeys(("socket_timeout", "socket_connect_timeout", "timeout"), float),
}


def _are_read(values: Iterable[str], kind: Callable[[str], object]) -> bool:
    with suppress(ValueError):
        return all(kind(value) is not None for value in values)
    return False


def _has_kinds(query: Values, kinds: Mapping[str, Callable[[str], object]]) -> bool:
    """Of a name that stands there twice each library takes another one: those are left to it."""
    once = {name: values for name, values in query.items() if len(values) == 1}
    return all(_are_read(once.get(name, ()), kind) for name, kind in kinds.items())


def is_read_for_sqlite(url: str) -> bool:
    return _has_kinds(parse_qs(url.partition("?")[2]), OF_SQLITE)


def names_ports_of_several(url: str) -> bool:
    """Tell whether hosts of PostgreSQL stand with a port each before the path, which SQLAlchemy does not know."""
    found = SQLALCHEMY.match(url)
    return found is not None and "," in (found["port"] or "")


def is_read_by_sqlalchemy(url: str) -> bool:
    """Read an address of PostgreSQL. Several hosts are `host=a,b&port=1,2` or `host=a:1&host=b:2`."""
    found = SQLALCHEMY.match(url)
    if found is None:
        return False
    query = parse_qs(found["query"] or "")
    hosts = _hosts_of(query)
    ports = [port for value in query.get("port", ()) for port in value.split(",")]
    each = [part for host in hosts if len(query["host"]) > 1 for part in host.split(":")[1:2]]
    is_even = not ports or len(hosts) == len(ports) or max(len(hosts), len(ports)) == 1
    # Of all ports only that before the path may not be empty, as of a variable that is not set.
    return is_even and found["port"] != "" and _are_read(filter(None, [found["port"], *ports, *each]), int)


def _hosts_of(query: Values) -> list[str]:
    hosts = query.get("host", [])
    return hosts[0].split(",") if len(hosts) == 1 else hosts


def is_read_by_postgresql(url: str) -> bool:
    """Read it as the queue does, with PostgreSQL's own library: an address may name several hosts."""
    found = LIBPQ.match(url)
    if found is None or NO_ESCAPE.search(url):
        return False
    *_others, ports = parse_qs(found["query"] or "", keep_blank_values=True).get("port", [None])
    if ports is not None:  # the last one counts
        return all(map(PORT.fullmatch, ports.split(",")))
    return all(map(HOST.fullmatch, found["hosts"].split(",")))


def is_read_by_redis(url: str) -> bool:
    try:
        parts = urlsplit(url)
        port = parts.port or 0
    except ValueError:
        return False
    return port >= 0 and _has_kinds(parse_qs(parts.query), OF_REDIS)
