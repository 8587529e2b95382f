"""What arrives, held to RFC 5321, 5322, 2045 and 2047 by a reader that forgives nothing."""

import re
from email import message_from_string, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import parseaddr

MAX_LINE = 998  # RFC 5322, 2.1.1: octets without the line's end
MAX_ENCODED_WORD = 75  # RFC 2047, 2
UNPRINTABLE = re.compile(rb"[^\t\r\n -~]")
HEADER_START = re.compile(rb"[!-9;-~]+: ?")


def read_strictly(raw: bytes, *, allows_utf8: bool = False) -> EmailMessage:
    lines = raw.split(b"\r\n")
    assert b"\r" not in b"".join(lines), "a bare CR"
    assert b"\n" not in b"".join(lines), "a bare LF"
    assert max(map(len, lines)) <= MAX_LINE
    head = lines[: lines.index(b"")]
    if not allows_utf8:
        assert not UNPRINTABLE.search(raw), "neither 8BITMIME nor SMTPUTF8 was asked for"
    for line in head:
        assert line.strip(), "a folded line of nothing but spaces (RFC 5322, 3.2.2)"
        assert line[:1] in b" \t" or HEADER_START.match(line), line
    encoded_words = re.findall(rb"=\?[^?\s]+\?[bBqQ]\?[^?\s]*\?=", b"\n".join(head))
    assert all(len(word) <= MAX_ENCODED_WORD for word in encoded_words)
    message = message_from_string(raw.decode(), policy=policy.SMTPUTF8 + policy.strict)
    assert isinstance(message, EmailMessage)
    for name in ("From", "To", "Subject", "Date", "Message-ID"):
        (header,) = message.get_all(name, [])
        assert allows_utf8 or not header.defects, (name, header.defects)
    assert len(message["From"].addresses) == len(message["To"].addresses) == 1
    for part in message.walk():
        assert not part.defects
        encoding = part.get("Content-Transfer-Encoding")
        assert part.is_multipart() or encoding in ("quoted-printable", "base64")
        assert part.is_multipart() or max(map(len, _body_lines(part))) <= 76  # RFC 2045, 6.7 and 6.8
    return message


def _body_lines(part: EmailMessage) -> list[str]:
    return str(part.get_payload()).splitlines()


def text_of(message: EmailMessage, subtype: str) -> str:
    """Return the text, decoded by its charset alone."""
    (part,) = [part for part in message.walk() if part.get_content_type() == f"text/{subtype}"]
    payload = part.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload.decode(str(part.get_content_charset()), "strict").replace("\r\n", "\n")


def sender_of(message: EmailMessage) -> tuple[str, str]:
    """Return (name, address), by Python's older parser: the newer one doubles spaces between encoded words."""
    (raw,) = [value for name, value in message.raw_items() if name == "From"]
    name, address = parseaddr("".join(str(raw).splitlines()))
    return str(make_header(decode_header(name))), address
