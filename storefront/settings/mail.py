"""How mails leave, and in whose name."""

from storefront.settings.reader import Reader
from storefront.settings.stripe import Mode


def read_mail_from(reader: Reader, mode: Mode) -> str:
    mail_from = reader.text("MAIL_FROM", "shop@localhost.localdomain" if mode is not Mode.LIVE else "")
    if "@" not in mail_from:
        reader.problems.append("MAIL_FROM is missing: the address your mails come from.")
    return mail_from


def read_mail_connection(reader: Reader, mode: Mode) -> tuple[bool, bool, int]:
    """STARTTLS or not, TLS from the first byte or not, and the port that goes with it."""
    use_ssl = reader.flag("MAIL_USE_SSL")
    use_tls = reader.flag("MAIL_USE_TLS", default=mode is not Mode.SANDBOX and not use_ssl)
    if use_tls and use_ssl:
        reader.problems.append("MAIL_USE_TLS and MAIL_USE_SSL exclude each other: keep one.")
    usual_port = 465 if use_ssl else 1025 if mode is Mode.SANDBOX else 587
    return use_tls, use_ssl, reader.integer("MAIL_PORT", usual_port, low=1, high=65535)
