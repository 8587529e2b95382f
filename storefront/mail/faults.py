"""Whose fault it is that a mail did not leave: the server's, the settings', or the mail's own. Names no address.

Up to the recipient everything is the account's: the same would befall every mail. What a server says of the
recipient or of the text may still be about the account, because many servers judge the sender only then.
"""

import re
import smtplib
import ssl
from enum import StrEnum
from socket import gaierror

CLOSING = 421  # RFC 5321: the server closes the channel, whatever was asked
TOO_BIG = 552  # RFC 1870: the answer to MAIL FROM with a size
# RFC 4954 and 3207: of a login or of TLS. 454 is also Postfix's "Relay access denied".
ACCOUNT_CODES = (454, 530, 534, 535, 538)
# RFC 3463: security or policy; the sender's address or its system.
ACCOUNT_STATUS = re.compile(rb"5\.7\.\d|[45]\.1\.[78]\b")
SIZE_STATUS = re.compile(rb"5\.(3\.4|2\.3)\b")
# How much an account may send in a day or an hour. Said with any code, at any step, in the provider's words.
LIMIT_STATUS = re.compile(rb"\b[45]\.4\.5\b")
LIMIT = re.compile(rb"quota|\blimits?\b|exceed|throttl|too many (e-?mails|messages)", re.IGNORECASE)
# The same words of one mail, of what one reader gets, and of a speed: that is better the next minute.
OTHER_LIMIT = re.compile(
    rb"\b5\.(3\.4|2\.3)\b|\b(size|large|big|lines?|length|headers?|attachments?|hops?|receiv\w+|gr[ea]y-?list\w*)\b"
    rb"|\b(for|to) (this|that) recipient\b"
    rb"|^4.*\b(rate|per second)\b",
    re.IGNORECASE | re.DOTALL,
)
# These tell of another limit unless one of sending is called so: "this user" may be the shop's own account. That
# somewhere something is said of sending is not enough: who refuses spam says what may be sent, and where to.
NOT_OF_SENDING = re.compile(rb"\b(spam\w*|score|urls?|retry|access)\b|\b(for|to) the recipient\b", re.IGNORECASE)
OF_SENDING = re.compile(
    rb"\b(sending|send|sent|outgoing|outbound|submission|relay|daily|hourly)\W+"
    rb"((e-?mails?|messages?|smtp|relay|sending|send|sent|rate|volume)\W+){0,3}(limits?|quota)\b"
    rb"|\b(limits?|quota) (for|of|on) (sending|outgoing|outbound|submission|relay)\b"
    rb"|(?<!spam )\b(e-?mails|messages|recipients)( (per|an?|each) |/)(minute|hour|day)\b",
    re.IGNORECASE,
)
OF_MAILBOX = re.compile(
    rb"^552|\b[45]\.2\.\d|\b(mailbox|inbox|over ?quota|storage|space|disk|full)\b", re.IGNORECASE
)
# Without a status of RFC 3463 words have to say that nobody has an address: a live one that is taken for dead gets
# no news any more, so whatever may be said of a full mailbox, of who sends or of this hour does not count.
DEAD_CODES = (550, 551, 553)
FULL = re.compile(
    rb"^552|\b[45]\.2\.2\b|quota|exceed|insufficient|too (many|much)|\b(storage|space|disk|limits?)\b"
    rb"|\bfull\b(?! name)",
    re.IGNORECASE,
)
OF_SENDER = re.compile(
    rb"\b(sender|sending|from|client|host\w*|connect\w*|dns|ip|r?dns|ptr|reverse|helo|ehlo|spf|dkim|dmarc|verif\w*"
    rb"|spam\w*|junk|bulk|content|abuse|polic(y|ies)|(?<!not )listed|rbl|\w*bl|block(ed|list\w*)|blacklist\w*"
    rb"|reputation|relay\w*|authenti\w*|authori[sz]\w*|permi\w+|denied)\b",
    re.IGNORECASE,
)
FOR_NOW = re.compile(rb"\btemporar|\bbusy\b|\b(try|retry) (again|later)\b", re.IGNORECASE)
HINTS = ((FULL, "full"), (OF_SENDER, "of the sender"), (FOR_NOW, "for now"))
NOBODY = re.compile(
    rb"\bno such (user|mailbox|recipient|address|account|person|name|local)\b|\bno mailbox here\b|\bunroute?able\b"
    rb"|\b(unknown|invalid|non-?existent) (local|user|mailbox|recipient|address)\b"
    rb"|\b(user|mailbox|recipient|address|account)\b\W+(\w+\W+){0,3}?"
    rb"(unknown|invalid|non-?existent|not (found|known|local|listed|valid|exist\w*)|\w+n['o]t exist)\b"
    rb"|\bmailbox (name not allowed|(is )?(disabled|inactive|closed|deactivated)\b)",
    re.IGNORECASE,
)
# RFC 5321 has these words for every 550, also one of a policy. Large services say the reason behind them, or
# where it can be read; where they stand alone, nobody has that mailbox.
UNAVAILABLE = re.compile(
    rb"\d{3} \W*(address\W+)?(requested (mail )?action not taken\W+)?mailbox (is )?(unavailable|not available)\W*",
    re.IGNORECASE,
)
UNCLEAR = "unclear"
ADDRESS = re.compile(rb"\S*(@|://)\S*")  # of a buyer, or of a page of help

STATUS = re.compile(rb"[45]\.\d{1,3}\.\d{1,3}\b")

NO_ANSWER = "no usable answer"  # begins what is said where the mail may have left all the same
RECIPIENT_REFUSED = "recipient refused"  # begins what is said of an address that is refused
PERHAPS_THE_ACCOUNT = "perhaps because of the account"
UNUSABLE = "not an address mail can be sent to: `storefront orders resend NUMBER --to` corrects it"

LOGIN = "MAIL_USERNAME and MAIL_PASSWORD"
PLACE = "MAIL_SERVER and MAIL_PORT"
TLS = "MAIL_USE_TLS, MAIL_USE_SSL and MAIL_PORT"


class Step(StrEnum):
    """How far a connection came."""

    CONNECT = "connect"
    ENCRYPT = "encrypt"
    LOG_IN = "log in"


class Doubt(StrEnum):
    """What else a refusal of a mail may mean, as long as no other mail has left since."""

    NONE = "none"
    ACCOUNT = "the account"  # it would be refused to every recipient
    TEXT = "the account or the text"


class MailServerDown(Exception):
    """Nothing was said about this mail: no server, no login, a sender that may not send. Says what to check.

    `may_be_the_mail`: only words say that it is the account, as of a limit; not so once others leave.
    """

    def __init__(self, text: str, *, may_be_the_mail: bool = False) -> None:
        super().__init__(text)
        self.may_be_the_mail = may_be_the_mail


class MailRefused(Exception):
    """This mail was refused. `is_permanent`: by 5xx, so that trying again is useless."""

    def __init__(self, text: str, *, is_permanent: bool, doubt: Doubt = Doubt.NONE) -> None:
        super().__init__(text)
        self.is_permanent = is_permanent
        self.doubt = doubt


def before_the_mail(step: Step, error: Exception) -> MailServerDown:
    """Name the fault of anything that is raised before MAIL FROM."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return MailServerDown(f"its certificate does not fit ({error.verify_message}): check MAIL_SERVER")
    if isinstance(error, ssl.SSLError):
        return MailServerDown(f"TLS failed ({error.reason}): check {TLS}")
    name = _name_of(error)
    if step is Step.CONNECT:
        return _at_connecting(error, name)
    if step is Step.ENCRYPT:
        return MailServerDown(f"no TLS ({name}): check {TLS}")
    return _at_login(error, name)


def _name_of(error: Exception) -> str:
    code = error.smtp_code if isinstance(error, smtplib.SMTPResponseException) else None
    return f"{code}" if code else type(error).__name__


def _at_connecting(error: Exception, name: str) -> MailServerDown:
    if isinstance(error, gaierror | UnicodeError):
        return MailServerDown(f"no such server ({name}): check MAIL_SERVER")
    return MailServerDown(f"no usable answer ({name}): check {PLACE}")


def _at_login(error: Exception, name: str) -> MailServerDown:
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return MailServerDown(f"login refused ({name}): check {LOGIN}")
    if isinstance(error, smtplib.SMTPNotSupportedError) or type(error) is smtplib.SMTPException:
        return MailServerDown(f"it offers no login here: check {TLS}, or remove {LOGIN}")
    return MailServerDown(f"no login ({name}): check {LOGIN}")


def _limit(code: int, reply: bytes | str) -> MailServerDown | None:
    """Read any answer as one that speaks of what the account may send; None where it is about something else."""
    said = _said(code, reply, for_address=b"")
    if LIMIT_STATUS.search(said) or (LIMIT.search(said) and _is_of_sending(said)):
        text = f"it takes no more mails of this account for now ({code}), by a limit of its own"
        return MailServerDown(text, may_be_the_mail=True)
    return None


def _said(code: int, reply: bytes | str, *, for_address: bytes) -> bytes:
    return f"{code} ".encode() + ADDRESS.sub(for_address, _bytes(reply))


def _is_of_sending(said: bytes) -> bool:
    return not OTHER_LIMIT.search(said) and (bool(OF_SENDING.search(said)) or not _is_of_reader(said))


def _is_of_reader(said: bytes) -> bool:
    return bool(NOT_OF_SENDING.search(said) or OF_MAILBOX.search(said))


def of_the_sender(error: smtplib.SMTPSenderRefused, *, size: int, size_limit: int) -> MailServerDown | MailRefused:
    """Read the answer to MAIL FROM. Only a mail that is too big is blamed: a full quota has the same code."""
    code, reply = error.smtp_code, _bytes(error.smtp_error)
    if code == TOO_BIG and (0 < size_limit < size or SIZE_STATUS.search(reply)):
        return MailRefused(f"mail refused ({code})", is_permanent=True)
    if limit := _limit(code, reply):
        return limit
    if code in ACCOUNT_CODES:
        return MailServerDown(f"it wants a login or TLS first ({code}): check {LOGIN}, and {TLS}")
    if code >= 500:
        return MailServerDown(f"sender refused ({code}): check MAIL_FROM, and that MAIL_USERNAME may send from it")
    return MailServerDown(f"it takes no mail now ({code})")


def of_the_recipient(code: int, reply: bytes | str) -> MailServerDown | MailRefused:
    if limit := _limit(code, reply):
        return limit
    if code == CLOSING:
        return MailServerDown(f"it takes no mail now ({code})")
    if code in ACCOUNT_CODES or ACCOUNT_STATUS.match(_bytes(reply)):
        text = f"{RECIPIENT_REFUSED} ({code}), {PERHAPS_THE_ACCOUNT}: check MAIL_FROM, {LOGIN}"
        return MailRefused(text, is_permanent=code >= 500, doubt=Doubt.ACCOUNT)
    return MailRefused(f"{RECIPIENT_REFUSED} ({_why(code, reply)})", is_permanent=code >= 500)


def _why(code: int, reply: bytes | str) -> str:
    """Return the code and what says whether that address is gone: the status, or what its words tell."""
    status = STATUS.match(_bytes(reply))
    if status:
        return f"{code} {status[0].decode()}"
    return f"{code} {_hint(code, _said(code, reply, for_address=b'address'))}".rstrip()


def _hint(code: int, said: bytes) -> str:
    """Return what words tell; nothing where they say that nobody has that address, or where the code is enough."""
    is_unclear = code in DEAD_CODES and not _is_of_nobody(said)
    hints = [hint for pattern, hint in HINTS if pattern.search(said)]
    return [*hints, UNCLEAR * is_unclear][0]


def _is_of_nobody(said: bytes) -> bool:
    return bool(NOBODY.search(said) or UNAVAILABLE.fullmatch(said))


def of_the_text(error: smtplib.SMTPDataError) -> MailServerDown | MailRefused:
    """Read the answer to the text. Services that send for others say only here that a sender is not verified."""
    if limit := _limit(error.smtp_code, error.smtp_error):
        return limit
    is_permanent = error.smtp_code >= 500
    doubt = Doubt.TEXT if is_permanent else Doubt.NONE
    return MailRefused(f"mail refused ({error.smtp_code})", is_permanent=is_permanent, doubt=doubt)


def _bytes(reply: bytes | str) -> bytes:
    return reply if isinstance(reply, bytes) else reply.encode()
