"""Headers and bodies of any mail as text: what cannot be decoded is shown as it came, and nothing raises."""

import re
from email.message import EmailMessage

# What Python's own parser raises for headers it cannot read; UnboundLocalError is its bug, for `From: a@[`.
UNREADABLE = (ValueError, LookupError, AttributeError, TypeError, UnboundLocalError)
_SURROGATE = re.compile("[\ud800-\udfff]")


def headers(message: EmailMessage) -> tuple[tuple[str, str], ...]:
    """Every header in its order, repeated ones too."""
    found: list[tuple[str, str]] = []
    for name, raw in message.raw_items():
        try:
            # The parser's answer for this one line, not for the first of that name.
            value = str(message.policy.header_fetch_parse(name, raw))
        except UNREADABLE:
            value = str(raw)
        found.append((_sendable(name), _sendable(value)))
    return tuple(found)


def body(parts: list[EmailMessage], content_type: str) -> str:
    """The first part of this type that is not an attachment."""
    for part in parts:
        if part.get_content_type() != content_type or is_attached(part):
            continue
        payload = part.get_payload(decode=True)
        raw = payload if isinstance(payload, bytes) else b""
        try:
            return _sendable(raw.decode(part.get_content_charset("utf-8"), errors="replace"))
        except (LookupError, ValueError):  # a charset that no one knows, or that takes no `errors`
            return raw.decode("utf-8", errors="replace")
    return ""


def attachment_name(part: EmailMessage) -> str:
    return _sendable(part.get_filename() or part.get_content_type())


def is_attached(part: EmailMessage) -> bool:
    return part.get_content_disposition() == "attachment"


def _sendable(text: str) -> str:
    """Bytes the parser could not read come as surrogates, which no page can be encoded with."""
    return _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text)
