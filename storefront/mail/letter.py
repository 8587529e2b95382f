"""A mail as bytes that every SMTP server takes: ASCII in short lines, whatever people typed.

The text is encoded always, so that no line is too long (RFC 5321, 4.5.3.1.6), no server has to know 8BITMIME, and
no space at an end is lost. Headers are written here, not by `email.policy`: folding an address it has lost quotes
in several Pythons that the shop runs on.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.header import Header
from email.message import EmailMessage
from email.utils import format_datetime, quote

from werkzeug.urls import iri_to_uri

from storefront.core.email_addresses import Mailbox

MAX_SUBJECT = 200  # characters; what follows nobody sees
MAX_NAME = 120
MAX_HEADER_LINE = 75  # RFC 2047, 2: of an encoded word
JOINER = "\N{ZERO WIDTH JOINER}"
# UAX #29: skin tones, and the letters of flags of parts of a country, belong to the emoji before them.
BEHIND = frozenset(map(chr, (*range(0x1F3FB, 0x1F400), *range(0xE0020, 0xE0080))))
FLAG_LETTERS = "".join(map(chr, range(0x1F1E6, 0x1F200)))
LONG_WORD = 60  # cannot be folded, so it is encoded
FOLD = "\r\n "
ATOMS = re.compile(r"[\w !#$%&'*+/=?^`{|}~-]+", re.ASCII)  # RFC 5322, 3.2.3: what needs no quotes
ENDS_OF_LINES = re.compile("\r\n|[\r\v\f\x85\u2028\u2029]")
CONTROLS = re.compile("[^\t\n\x20-\x7e\xa0-\U0010ffff]")
# RFC 2045, 6.7 and 6.8: 76 characters a line.
BODY = policy.SMTP.clone(max_line_length=76, cte_type="7bit")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    recipient: str
    message_id: str
    subject: str
    text: str
    html: str
    sender_name: str = ""  # as the owner wrote it; empty: as the settings say
    reply_to: str | None = None  # one address, where answers do not go to the sender
    unsubscribe_url: str | None = None  # of mails that nobody has to get


def write_letter(mail: Mail, *, sender: Mailbox, recipient: str, sent_at: datetime) -> bytes:
    """Write headers and both bodies. Each address is known to be only one; only `recipient` may need SMTPUTF8."""
    headers = {
        "Subject": _encode("Subject", _shorten(_one_line(mail.subject), MAX_SUBJECT)),
        "From": _write_sender(sender),
        "To": recipient,
        "Date": format_datetime(sent_at),
        "Message-ID": mail.message_id,  # the same at every try, so that a mailbox shows a repeated mail once
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
    }
    if mail.reply_to:
        headers["Reply-To"] = mail.reply_to
    if mail.unsubscribe_url:  # RFC 8058: mail programs show a button and post there
        headers["List-Unsubscribe"] = f"<{iri_to_uri(mail.unsubscribe_url)}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return head.encode() + _write_bodies(_clean(mail.text), _clean(mail.html))


def _write_bodies(text: str, html: str) -> bytes:
    bodies = EmailMessage(policy=BODY)
    bodies.set_content(text, cte=_encoding(text))
    bodies.add_alternative(html, subtype="html", cte=_encoding(html))
    return bodies.as_bytes()


def _encoding(text: str) -> str:
    """Choose the shorter one: quoted-printable writes three letters for each byte that is not ASCII."""
    size = len(text.encode())
    beyond_ascii = size - sum(letter.isascii() for letter in text)
    return "base64" if beyond_ascii * 6 > size else "quoted-printable"


def _clean(text: str) -> str:
    """Leave one kind of line end, no controls, no half of a character: every charset and server takes that."""
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return CONTROLS.sub("", ENDS_OF_LINES.sub("\n", whole))


def _one_line(text: str) -> str:
    return " ".join(_clean(text).split())


def _shorten(text: str, length: int) -> str:
    """Cut the text, but not within what is read as one sign: accents, joined emoji, skin tones, flags."""
    if len(text) <= length:
        return text
    end = length - 1
    while end and _is_joined(text, end):
        end -= 1
    return text[: end or length - 1].rstrip() + "…"


def _is_joined(text: str, place: int) -> bool:
    """Tell whether what stands at a place is one sign with what is before it."""
    before, after = text[place - 1], text[place]
    is_behind = after in BEHIND or unicodedata.category(after).startswith("M")
    return JOINER in (before, after) or is_behind or _is_half_of_flag(text, place)


def _is_half_of_flag(text: str, place: int) -> bool:
    """Tell the second letter of a flag: they stand in pairs, also where flags stand in a row."""
    letters_before = place - len(text[:place].rstrip(FLAG_LETTERS))
    return text[place] in FLAG_LETTERS and letters_before % 2 == 1


def _encode(name: str, text: str) -> str:
    """Fold a header; use RFC 2047's words where ASCII cannot say it, or says it in a word that no line holds."""
    return Header(text, _charset(text), maxlinelen=MAX_HEADER_LINE, header_name=name).encode(linesep="\r\n")


def _charset(text: str) -> str:
    is_plain = text.isascii() and "=?" not in text and max(map(len, text.split()), default=0) <= LONG_WORD
    return "us-ascii" if is_plain else "utf-8"


def _write_sender(sender: Mailbox) -> str:
    name = _shorten(_one_line(sender.name), MAX_NAME)
    if not name:
        return sender.address
    if _charset(name) == "us-ascii" and not ATOMS.fullmatch(name):
        name = f'"{quote(name)}"'
    phrase = _encode("From", name)
    is_short = len(phrase) + len(sender.address) <= LONG_WORD
    return f"{phrase}{' ' if is_short else FOLD}<{sender.address}>"
