"""What libraries read in an address of a database, queue or counter; without them, for they take tens of MB.

Each function returns False only for what its library refuses, too; a server may still refuse what is left.
"""

import re
from collections.abc import Mapping
from contextlib import suppress
from urllib.parse import parse_qs, parse_qsl, urlsplit

Kinds = Mapping[str, re.Pattern[str]]
PORT = r"\s*[+-]?[\d_]*\s*"
HOST = rf"(?:\[[^\],]+\]|(?!\[)[^:,]*)(?::{PORT})?"
ONE_PORT = re.compile(r"(?::\s*[+-]?[\d_]+\s*)?")
PORTS = re.compile(rf"{PORT}(?:,{PORT})*")
HOSTS = re.compile(rf"{HOST}(?:,{HOST})*")
# As in SQLAlchemy's `engine/url.py`; what is not needed has no group.
SQLALCHEMY = re.compile(
    r"[\w+]+://(?:[^:/]*(?::[^@]*)?@)?(?:\[[^/?]+\]|[^/:?]+)?(:[^/?]*)?(?:/[^?]*)?(?:\?(.*))?", re.DOTALL
)
# https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS
LIBPQ = re.compile(r"postgres(?:ql)?://(?:[^@/]*@)?([^/?]*)[^?]*(?:\?(.*))?", re.DOTALL)
NO_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})|%00")

WHOLE = re.compile(r"\s*[+-]?[\d_]+\s*")
NATURAL = re.compile(r"\s*\+?[\d_]+\s*")
NUMBER = re.compile(r"\s*[+-]?(?:[\d_]*\.?[\d_]*(?:e[+-]?\d+)?|inf(?:inity)?|nan)\s*", re.IGNORECASE)
YES_OR_NO = re.compile(r"\s*(?:true|yes|on|y|t|1|false|no|off|n|f|0)\s*", re.IGNORECASE)
OF_SQLITE: Kinds = {
    **dict.fromkeys(("uri", "check_same_thread"), YES_OR_NO),
    **dict.fromkeys(("detect_types", "cached_statements"), WHOLE),
    "timeout": NUMBER,
}
OF_REDIS: Kinds = {
    "db": NATURAL,
    **dict.fromkeys(
        ("max_connections", "health_check_interval", "protocol", "ssl_min_version", "socket_read_size"), WHOLE
    ),
    **dict.fromkeys(("socket_timeout", "socket_connect_timeout", "timeout"), NUMBER),
}


def _has_kinds(query: str, kinds: Kinds) -> bool:
    """Of a name that stands there twice the first counts."""
    found = dict(reversed(parse_qsl(query)))
    return all(kinds[name].fullmatch(found[name]) for name in kinds.keys() & found)


def is_read_for_sqlite(url: str) -> bool:
    return _has_kinds(url.partition("?")[2], OF_SQLITE)


def names_ports_of_several(url: str) -> bool:
    """Tell whether hosts of PostgreSQL stand with a port each before the path, which SQLAlchemy does not know."""
    ((port, _query),) = SQLALCHEMY.findall(url)[:1]
    return "," in port


def is_read_by_sqlalchemy(url: str) -> bool:
    """Read an address of PostgreSQL. Several hosts are `host=a,b&port=1,2` or `host=a:1&host=b:2`."""
    ((port, text),) = SQLALCHEMY.findall(url)[:1]
    query = parse_qs(text)
    hosts, ports = query.get("host", []), ",".join(query.get("port", ()))
    each = hosts * (len(hosts) > 1)  # one by itself is a name as it stands there
    has_as_many = not ports or ports.count(",") == ",".join(hosts).count(",")
    return has_as_many and all(map(HOSTS.fullmatch, each)) and _are_ports(port, ports)


def _are_ports(before_path: str, behind: str) -> bool:
    """Before the path it is one and not empty, as of a variable that is not set."""
    return ONE_PORT.fullmatch(before_path) is not None and PORTS.fullmatch(behind) is not None


def is_read_by_postgresql(url: str) -> bool:
    """Read it as the queue does, with PostgreSQL's own library: an address may name several hosts."""
    ((hosts, query),) = LIBPQ.findall(url)[:1]
    port = dict(parse_qsl(query, keep_blank_values=True)).get("port")  # counts instead of those of the hosts
    found = HOSTS.fullmatch(hosts) if port is None else PORTS.fullmatch(port)
    return found is not None and not NO_ESCAPE.search(url)


def is_read_by_redis(url: str) -> bool:
    with suppress(ValueError):
        parts = urlsplit(url)
        _port = parts.port  # raises where it is none
        return _has_kinds(parts.query, OF_REDIS)
    return False
