"""Headers and bodies of any mail as text: what cannot be decoded is shown as it came, and nothing raises."""

import re
from email.message import EmailMessage

# What Python's own parser raises for headers it cannot read; UnboundLocalError is its bug, for `From: a@[`.
UNREADABLE = (ValueError, LookupError, AttributeError, TypeError, UnboundLocalError)
_SURROGATE = re.compile("[\ud800-\udfff]")


def headers(message: EmailMessage) -> tuple[tuple[str, str], ...]:
    """Return every header in its order, repeated ones too."""
    return tuple(
        (_sendable(name), _sendable(_header_text(message, name, raw))) for name, raw in message.raw_items()
    )


def _header_text(message: EmailMessage, name: str, raw: str) -> str:
    try:
        # The parser's answer for this one line, not for the first of that name.
        return str(message.policy.header_fetch_parse(name, raw))
    except UNREADABLE:
        return str(raw)


def body(parts: list[EmailMessage], content_type: str) -> str:
    """Return the text of the first part of this type that is not an attachment."""
    for part in parts:
        if part.get_content_type() == content_type and not is_attached(part):
            return _part_text(part)
    return ""


def _part_text(part: EmailMessage) -> str:
    payload = part.get_payload(decode=True)
    raw = payload if isinstance(payload, bytes) else b""
    try:
        return _sendable(raw.decode(part.get_content_charset("utf-8"), errors="replace"))
    except (LookupError, ValueError):  # a charset that no one knows, or that takes no `errors`
        return raw.decode("utf-8", errors="replace")


def attachment_name(part: EmailMessage) -> str:
    return _sendable(part.get_filename() or part.get_content_type())


def is_attached(part: EmailMessage) -> bool:
    return part.get_content_disposition() == "attachment"


def _sendable(text: str) -> str:
    """Bytes the parser could not read come as surrogates, which no page can be encoded with."""
    return _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text)
