"""Addresses of the shop itself, and those that its pages link to."""

import re
from urllib.parse import urlsplit

from storefront.core.config.reader import Reader, is_web_address, split_list
from storefront.core.email_addresses import find_address

HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\]")


def read_base_url(reader: Reader) -> str:
    """Return scheme, host and port: every link in emails and pages is made under it."""
    base_url = reader.url("BASE_URL", "http://127.0.0.1:8000")
    if not is_web_address(base_url):
        return base_url  # named already
    parts = urlsplit(base_url)
    more = (parts.username, parts.password, parts.path, parts.query, parts.fragment)
    if any(more) or {"?", "#", "@"} & set(base_url):
        reader.problems.append(
            "BASE_URL must be scheme, host and port only, as https://shop.example.com: no user, path or query."
        )
    elif not HOST.fullmatch(parts.netloc.lower().rpartition("@")[2].removesuffix(f":{parts.port}")):
        reader.problems.append("BASE_URL has a host with signs that no host has; write IDNs as xn--….")
    return base_url


def read_hosts(reader: Reader) -> tuple[str, ...]:
    """Return other names the shop answers under, for an old address or one with www."""
    hosts = split_list(reader.text("TRUSTED_HOSTS").lower())
    wrong = [host for host in hosts if not HOST.fullmatch(host)]
    if wrong:
        reader.problems.append(
            f"TRUSTED_HOSTS={','.join(wrong)} must be host names, separated by commas, without scheme and port."
        )
    return hosts


def read_link(reader: Reader, name: str) -> str | None:
    """Return what a page links to. `javascript:` and the like are refused."""
    raw = reader.optional(name)
    if raw is not None and not is_web_address(raw):
        reader.problems.append(f"{name} must be an address that starts with http:// or https://.")
    return raw


def read_security_contact(reader: Reader, mail_from: str) -> str | None:
    """Return the contact for security.txt (RFC 9116): a mail address or a page; `none` for no such file.

    By itself the address that every buyer sees; the owner's own is nobody's business.
    """
    raw = reader.text("SECURITY_CONTACT", mail_from)
    if raw.lower() == "none":
        return None
    if raw.startswith("https://") and is_web_address(raw):
        return raw
    address = find_address(raw)
    if address is None and raw:  # a MAIL_FROM that is missing or wrong is named where it is read
        reader.problems.append(
            "SECURITY_CONTACT must be exactly one mail address, a page that starts with https://, or none."
        )
    return address
