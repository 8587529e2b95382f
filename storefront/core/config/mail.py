"""How mails leave, and in whose name."""

from storefront.core.config.reader import Reader
from storefront.core.config.stripe import Mode
from storefront.core.email_addresses import Mailbox, find_mailbox, is_host

NOBODY = Mailbox(name="", address="")
SPELLING = 'shop@example.com, or "Acme, Inc." <shop@example.com> (in quotes: a name with a comma or the like)'


def read_mail_from(reader: Reader, mode: Mode) -> Mailbox:
    """Return exactly one address, with or without a name."""
    raw = reader.text("MAIL_FROM", "shop@localhost.localdomain" if mode is not Mode.LIVE else "")
    mailbox = find_mailbox(raw)
    _check_mail_from(reader, raw, mailbox)
    return mailbox or NOBODY


def _check_mail_from(reader: Reader, raw: str, mailbox: Mailbox | None) -> None:
    if not raw:
        reader.problems.append(f"MAIL_FROM is missing: the address your mails come from, as {SPELLING}.")
    elif mailbox is None:
        reader.problems.append(f"MAIL_FROM={raw} must be exactly one address: {SPELLING}.")
    elif not mailbox.address.isascii():
        reader.problems.append(f"MAIL_FROM={raw} must be ASCII before the @: not every server takes more.")


def read_owner_email(reader: Reader) -> str | None:
    """Return the address alone; a name beside it may be written."""
    raw = reader.optional("OWNER_EMAIL")
    mailbox = find_mailbox(raw or "")
    if raw and mailbox is None:
        reader.problems.append(f"OWNER_EMAIL={raw} must be exactly one address: owner@example.com.")
    return mailbox.address if mailbox else None


def read_mail_server(reader: Reader) -> str:
    raw = reader.text("MAIL_SERVER", "127.0.0.1")
    if not is_host(raw):
        reader.problems.append(f"MAIL_SERVER={raw} must be the name of a host alone: its port is MAIL_PORT.")
    return raw


def read_mail_login(reader: Reader) -> tuple[str | None, str | None]:
    """Return user and password, both or none: with only one the shop cannot log in and no email leaves."""
    login = {
        "MAIL_USERNAME": reader.optional("MAIL_USERNAME"),
        "MAIL_PASSWORD": reader.secret("MAIL_PASSWORD") or None,
    }
    missing = [name for name, value in login.items() if value is None]
    if len(missing) == 1:
        (given,) = login.keys() - missing
        reader.problems.append(f"{missing[0]} is missing: {given} needs it. Without a login remove both.")
    return login["MAIL_USERNAME"], login["MAIL_PASSWORD"]


def read_mail_connection(reader: Reader, mode: Mode) -> tuple[bool, bool, int]:
    """Return whether to use STARTTLS, whether to use TLS from the first byte, and the port that goes with it."""
    use_ssl = reader.flag("MAIL_USE_SSL")
    use_tls = reader.flag("MAIL_USE_TLS", default=mode is not Mode.SANDBOX and not use_ssl)
    if use_tls and use_ssl:
        reader.problems.append("MAIL_USE_TLS and MAIL_USE_SSL exclude each other: keep one.")
    port = reader.integer("MAIL_PORT", _usual_port(mode, use_ssl=use_ssl), low=1, high=65535)
    return use_tls, use_ssl, port


def _usual_port(mode: Mode, *, use_ssl: bool) -> int:
    if use_ssl:
        return 465
    return 1025 if mode is Mode.SANDBOX else 587
