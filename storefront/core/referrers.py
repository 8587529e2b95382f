"""Names of where visitors come from: the host of a page, or what a link calls itself. Never more of an address."""

import re
import unicodedata
from urllib.parse import parse_qsl, urlsplit

import idna

LONGEST = 100
MOST_READ = 2000  # of an address, however long a header is
NAMED_BY = ("ref", "utm_source")  # words of a link, the first that says something
NAME = re.compile(rf"(?![\d.]+$)(?=.{{1,{LONGEST}}}$)[^\W_][\w.-]*")  # four numbers are somebody's address


def clean_name(text: str) -> str:
    """Return a name in small letters, a host as people read it, without `www.`; empty for what is none."""
    name = unicodedata.normalize("NFC", text[:MOST_READ].strip()).lower().removeprefix("www.")
    return _readable(name) if NAME.fullmatch(name) else ""


def host_of(address: str) -> str:
    """Return the host of a page, without its port; empty for apps, numbers and what is no address."""
    try:
        parts = urlsplit(address[:MOST_READ])
        host = (parts.hostname or "").rstrip(".")
    except ValueError:
        return ""
    return clean_name(host) if parts.scheme in ("http", "https") and "." in host else ""


def name_in(address: str) -> str:
    """Return what a link calls itself, by its query; empty where it says nothing."""
    try:
        words = dict(parse_qsl(urlsplit(address[:MOST_READ]).query, max_num_fields=50))
    except ValueError:
        return ""
    return next(filter(None, (clean_name(words.get(word, "")) for word in NAMED_BY)), "")


def _readable(name: str) -> str:
    """Return `bücher.example` for `xn--bcher-kva.example`, so that both ways to write it are one."""
    if "xn--" not in name:
        return name
    try:
        return idna.decode(name)
    except UnicodeError:
        return name
