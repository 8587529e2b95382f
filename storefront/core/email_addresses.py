"""Email addresses: what is exactly one, with or without a name, and how a mail server wants it written."""

import re
import unicodedata
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import unquote

import idna

SPECIAL = frozenset('<>()[]:;@,"\\')  # RFC 5322, 3.2.3
MAX_BYTES = 254  # RFC 5321, 4.5.3.1.3: a path of 256 without its brackets
LABEL = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
IN_BRACKETS = re.compile(r"<([^<>]*@[^<>]*)>")
MAILTO = re.compile(r"mailto:([^?]*)(\?.*)?", re.IGNORECASE | re.DOTALL)
AROUND = " \t\r\n\"'<>()[],;:."  # copied along with an address
UNSEEN = "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u00ad"  # letters without width
SIGNS = AROUND + UNSEEN + "#"  # copied along with a number or a word
BREAKS = {"Cc", "Cs", "Zl", "Zp"}  # controls, halves of characters, ends of lines and paragraphs


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox:
    """`address` as a mail server wants it; `name` may be empty."""

    name: str
    address: str


def _is_local_part(name: str) -> bool:
    is_plain = not any(letter.isspace() or letter in SPECIAL for letter in name)
    return bool(name) and name.isprintable() and is_plain


def find_address(text: str) -> str | None:
    """Return the one address that the text is, with its domain in ASCII (IDNA 2008); None for anything else.

    None of the signs with which a header names several readers, or hides one behind another: a library that reads
    `a,b@example.com` as a list would mail to `a`.
    """
    name, _at, domain = text.partition("@")
    ascii_domain = find_ascii_domain(domain)
    if ascii_domain is None or not _is_local_part(name):
        return None
    address = f"{name}@{ascii_domain}"
    return address if len(address.encode()) <= MAX_BYTES else None


def is_address(text: str) -> bool:
    """Tell whether a stranger may type this: one internet address. Only an email shows if anybody reads it."""
    address = find_address(text.strip())
    return address is not None and "." in address.partition("@")[2]


def find_mailbox(text: str) -> Mailbox | None:
    """Read `a@b.example`, `Name <a@b.example>` or `"Name, Inc." <a@b.example>`; None for none and for several."""
    name, address = "", text.strip()
    if address.endswith(">"):
        name, _, address = address[:-1].rpartition("<")
    plain_name, plain_address = _read_name(name.strip()), find_address(address.strip())
    if plain_name is None or plain_address is None:
        return None
    return Mailbox(name=plain_name, address=plain_address)


def pasted_address(text: str) -> str:
    """Return what was copied as an address without what stood around it, for a search: it may be none.

    Of several in brackets none is taken for the one that is meant. An address is one as it stands: it may begin
    with an apostrophe or a dot.
    """
    if find_address(text.strip()) is not None:
        return text.strip()
    in_brackets = IN_BRACKETS.findall(text)
    alone: str = (in_brackets[0] if len(in_brackets) == 1 else text).strip(AROUND)
    link = MAILTO.fullmatch(alone)
    return unquote(link[1]).strip(AROUND) if link else alone


def is_one_line(text: str) -> bool:
    """Tell whether a header or a title can carry this; they can carry emoji and names of all languages."""
    return not any(unicodedata.category(letter) in BREAKS for letter in text)


def is_host(text: str) -> bool:
    """Accept a name or an IP address: no scheme, no port, no path."""
    try:
        ip_address(text)
    except ValueError:
        return find_ascii_domain(text.removesuffix(".")) is not None
    return True


def find_ascii_domain(domain: str) -> str | None:
    """Return the domain in ASCII (IDNA 2008), None for what is none.

    Python's own codec (IDNA 2003) makes straße.example strasse.example, another.
    """
    if not domain.isascii():
        try:
            domain = idna.encode(domain, uts46=True, std3_rules=True).decode()
        except idna.IDNAError:
            return None
    return domain if all(LABEL.fullmatch(label) for label in domain.split(".")) else None


def _read_name(name: str) -> str | None:
    quoted = QUOTED.fullmatch(name)
    if quoted is not None:
        name = re.sub(r"\\(.)", r"\1", quoted[1])
    elif SPECIAL & set(name):
        return None
    return name if is_one_line(name) else None
