"""The only importer of `flask_mail`: one mail to the SMTP server, with a time limit and a stable Message-ID."""

import smtplib
from contextlib import suppress
from types import TracebackType

from flask import Flask, current_app
from flask_mail import Connection
from flask_mail import Mail as FlaskMail

from storefront.core import clock
from storefront.core.config.settings import Settings
from storefront.core.db import end_read
from storefront.core.email_addresses import Mailbox, find_address
from storefront.core.measurements import SMTP_SECONDS, timed
from storefront.mail.faults import (
    NO_ANSWER,
    UNUSABLE,
    MailRefused,
    MailServerDown,
    of_the_recipient,
    of_the_sender,
    of_the_text,
)
from storefront.mail.letter import Mail, write_letter
from storefront.mail.server import MailServer, connect

TIMEOUT_SECONDS = 20
NO_SMTPUTF8 = "the mail server takes only ASCII before the @ (no SMTPUTF8)"


class _TimedConnection(Connection):
    """Connects with a time limit and checks the certificate. Flask-Mail 0.10 does neither, and writes lines of any
    length under a sender without quotes: `write_letter` does that instead.
    """

    host: MailServer | None

    def configure_host(self) -> MailServer:
        mail = self.mail
        return connect(
            mail.server,
            mail.port,
            timeout_seconds=current_app.config["MAIL_TIMEOUT_SECONDS"],
            use_ssl=mail.use_ssl,
            use_tls=mail.use_tls,
            login=(mail.username, mail.password) if mail.username and mail.password else None,
        )

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Say goodbye. A server that has gone away changes nothing about the mail it took or refused."""
        if self.host is None:  # MAIL_SUPPRESS_SEND
            return
        with suppress(smtplib.SMTPException, OSError):
            self.host.quit()
        self.host.close()


def set_up_mail(app: Flask, settings: Settings, *, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
    app.config.update(
        MAIL_TIMEOUT_SECONDS=timeout_seconds,
        MAIL_SERVER=settings.mail_server,
        MAIL_PORT=settings.mail_port,
        MAIL_USE_TLS=settings.mail_use_tls,
        MAIL_USE_SSL=settings.mail_use_ssl,
        MAIL_USERNAME=settings.mail_username,
        MAIL_PASSWORD=settings.mail_password,
        MAIL_DEFAULT_SENDER=(settings.mail_from.name or settings.shop_name, settings.mail_from.address),
    )
    FlaskMail(app)


def send(mail: Mail) -> None:
    """Hand one mail over, and measure how long it took.

    Raises:
        MailRefused: for this recipient or this mail, or no address.
        MailServerDown: before the server said anything about this mail.
    """
    end_read()
    with timed(SMTP_SECONDS):
        _send(mail)


def _send(mail: Mail) -> None:
    recipient = find_address(mail.recipient)
    # `smtplib` reads the address once more by its own rules.
    if recipient is None or smtplib.quoteaddr(recipient) != f"<{recipient}>":
        raise MailRefused(UNUSABLE, is_permanent=True)
    name, address = current_app.config["MAIL_DEFAULT_SENDER"]
    content = write_letter(
        mail,
        sender=Mailbox(name=mail.sender_name or name, address=address),
        recipient=recipient,
        sent_at=clock.now(),
    )
    with _TimedConnection(current_app.extensions["mail"]) as connection:
        if connection.host is not None:
            _hand_over(connection.host, address, recipient, content)


def _hand_over(server: MailServer, sender: str, recipient: str, content: bytes) -> None:
    options = [] if recipient.isascii() else ["SMTPUTF8"]
    if options and not server.has_extn("smtputf8"):
        raise MailRefused(NO_SMTPUTF8, is_permanent=True)
    try:
        server.sendmail(sender, [recipient], content, options)
    except smtplib.SMTPRecipientsRefused as error:
        raise of_the_recipient(*error.recipients[recipient]) from error
    except smtplib.SMTPDataError as error:
        raise of_the_text(error) from error
    except smtplib.SMTPSenderRefused as error:
        raise of_the_sender(error, size=len(content), size_limit=_size_limit(server)) from error
    except (OSError, smtplib.SMTPException) as error:
        raise _of_no_answer(server, error) from error


def _of_no_answer(server: MailServer, error: Exception) -> MailRefused | MailServerDown:
    why = f"{NO_ANSWER} ({type(error).__name__})"
    if server.has_taken_recipient:
        return MailRefused(why, is_permanent=False)
    return MailServerDown(f"{why}, the mail server hung up")


def _size_limit(server: MailServer) -> int:
    """Return the largest size in bytes; 0 where the server names none."""
    size = server.esmtp_features.get("size", "")
    return int(size) if size.isascii() and size.isdigit() else 0
