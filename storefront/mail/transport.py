"""The only importer of `flask_mail`: one mail to the SMTP server, with a time limit and a stable Message-ID."""

import smtplib
import ssl
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from email.utils import parseaddr
from types import TracebackType
from typing import TYPE_CHECKING

from flask import Flask, current_app
from flask_mail import BadHeaderError, Connection, Message
from flask_mail import Mail as FlaskMail

from storefront.config import Settings
from storefront.db import end_read
from storefront.measurements import SMTP_SECONDS, timed

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

TIMEOUT_SECONDS = 20
CLOSING = 421  # RFC 5321: the server closes the channel, whatever was asked
TOO_BIG = 552  # RFC 1870: the answer to MAIL FROM with a size


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    recipient: str
    message_id: str
    subject: str
    text: str
    html: str
    unsubscribe_url: str | None = None  # of mails that nobody has to get


class MailRefused(Exception):
    """This mail was refused. `is_permanent`: by 5xx, so that trying again is useless.

    The text holds no address.
    """

    def __init__(self, text: str, *, is_permanent: bool) -> None:
        super().__init__(text)
        self.is_permanent = is_permanent


class MailServerDown(Exception):
    """Nothing was said about this mail: no server, no TLS, no login, or gone before it judged the recipient."""


class _Server(smtplib.SMTP):
    """Remembers how far a mail came: what goes wrong after its recipient was taken may be the mail's own fault."""

    has_taken_recipient = False

    def data(self, msg: "ReadableBuffer | str") -> tuple[int, bytes]:
        self.has_taken_recipient = True
        return super().data(msg)


class _TlsServer(_Server, smtplib.SMTP_SSL):
    pass


class _TimedConnection(Connection):
    """Flask-Mail 0.10 offers no time limit, and TLS without looking at the certificate: both are here."""

    def configure_host(self) -> smtplib.SMTP:
        server, port = self.mail.server, self.mail.port
        timeout = current_app.config["MAIL_TIMEOUT_SECONDS"]
        host: _Server
        if self.mail.use_ssl:
            host = _TlsServer(server, port, timeout=timeout, context=ssl.create_default_context())
        else:
            host = _Server(server, port, timeout=timeout)
        with ExitStack() as when_refused:
            when_refused.callback(host.close)
            if self.mail.use_tls:
                host.starttls(context=ssl.create_default_context())
            if self.mail.username and self.mail.password:
                host.login(self.mail.username, self.mail.password)
            when_refused.pop_all()
        return host

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """A server that goes away instead of saying goodbye changes nothing about the mail it took or refused."""
        if self.host is None:  # MAIL_SUPPRESS_SEND
            return
        with suppress(smtplib.SMTPException, OSError):
            self.host.quit()
        self.host.close()


def set_up_mail(app: Flask, settings: Settings, *, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
    name, address = parseaddr(settings.mail_from)
    app.config.update(
        MAIL_TIMEOUT_SECONDS=timeout_seconds,
        MAIL_SERVER=settings.mail_server,
        MAIL_PORT=settings.mail_port,
        MAIL_USE_TLS=settings.mail_use_tls,
        MAIL_USE_SSL=settings.mail_use_ssl,
        MAIL_USERNAME=settings.mail_username,
        MAIL_PASSWORD=settings.mail_password,
        MAIL_DEFAULT_SENDER=(name or settings.shop_name, address),
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


def _message(mail: Mail) -> Message:
    message = Message(subject=mail.subject, recipients=[mail.recipient], body=mail.text, html=mail.html)
    message.msgId = mail.message_id  # the same at every try, so that a mailbox shows a repeated mail once
    message.extra_headers = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}
    if mail.unsubscribe_url:  # RFC 8058: mail programs show a button and post there
        message.extra_headers["List-Unsubscribe"] = f"<{mail.unsubscribe_url}>"
        message.extra_headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return message


def _send(mail: Mail) -> None:
    message = _message(mail)
    connection = _TimedConnection(current_app.extensions["mail"])
    try:
        with connection:
            connection.send(message)
    except (BadHeaderError, UnicodeError) as error:
        raise MailRefused("not an address mail can be sent to", is_permanent=True) from error
    except smtplib.SMTPRecipientsRefused as error:
        code = max(code for code, _text in error.recipients.values())
        if code == CLOSING:
            raise MailServerDown(f"server refused ({code})") from error
        raise MailRefused(f"recipient refused ({code})", is_permanent=code >= 500) from error
    except smtplib.SMTPDataError as error:
        raise MailRefused(f"mail refused ({error.smtp_code})", is_permanent=error.smtp_code >= 500) from error
    except smtplib.SMTPSenderRefused as error:
        if error.smtp_code == TOO_BIG:
            raise MailRefused(f"mail refused ({error.smtp_code})", is_permanent=True) from error
        raise MailServerDown(f"server refused ({error.smtp_code})") from error
    except smtplib.SMTPResponseException as error:
        raise MailServerDown(f"server refused ({error.smtp_code})") from error
    except (OSError, smtplib.SMTPException) as error:
        why = f"no usable answer ({type(error).__name__})"
        if isinstance(connection.host, _Server) and connection.host.has_taken_recipient:
            raise MailRefused(why, is_permanent=False) from error
        raise MailServerDown(why) from error
