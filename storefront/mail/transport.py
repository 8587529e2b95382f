"""The only importer of `flask_mail`: one mail to the SMTP server, with a time limit and a stable Message-ID."""

import smtplib
import ssl
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from email.utils import parseaddr
from types import TracebackType

from flask import Flask, current_app
from flask_mail import BadHeaderError, Connection, Message
from flask_mail import Mail as FlaskMail

from storefront.config import Settings
from storefront.db import end_read

TIMEOUT_SECONDS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    recipient: str
    message_id: str
    subject: str
    text: str
    html: str


class MailRefused(Exception):
    """`is_permanent`: 5xx for this recipient or this mail, so that trying again is useless.

    A server that knows neither the shop nor its password says 5xx too, but to every mail: the owner can mend
    that, and no mail is lost until then. The text holds no address.
    """

    def __init__(self, text: str, *, is_permanent: bool) -> None:
        super().__init__(text)
        self.is_permanent = is_permanent


class _TimedConnection(Connection):
    """Flask-Mail 0.10 offers no time limit, and TLS without looking at the certificate: both are here."""

    def configure_host(self) -> smtplib.SMTP:
        server, port = self.mail.server, self.mail.port
        timeout = current_app.config["MAIL_TIMEOUT_SECONDS"]
        host: smtplib.SMTP
        if self.mail.use_ssl:
            host = smtplib.SMTP_SSL(server, port, timeout=timeout, context=ssl.create_default_context())
        else:
            host = smtplib.SMTP(server, port, timeout=timeout)
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
    """Hand one mail over.

    Raises:
        MailRefused: no server, no answer, an answer that is not "accepted", or no address.
    """
    end_read()
    message = Message(subject=mail.subject, recipients=[mail.recipient], body=mail.text, html=mail.html)
    message.msgId = mail.message_id  # the same at every try, so that a mailbox shows a repeated mail once
    message.extra_headers = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}
    try:
        with _TimedConnection(current_app.extensions["mail"]) as connection:
            connection.send(message)
    except (BadHeaderError, UnicodeError) as error:
        raise MailRefused("not an address mail can be sent to", is_permanent=True) from error
    except smtplib.SMTPRecipientsRefused as error:
        code = max(code for code, _text in error.recipients.values())
        raise MailRefused(f"recipient refused ({code})", is_permanent=code >= 500) from error
    except smtplib.SMTPDataError as error:
        raise MailRefused(f"mail refused ({error.smtp_code})", is_permanent=error.smtp_code >= 500) from error
    except smtplib.SMTPResponseException as error:
        raise MailRefused(f"server refused ({error.smtp_code})", is_permanent=False) from error
    except (OSError, smtplib.SMTPException) as error:
        raise MailRefused(f"no usable answer ({type(error).__name__})", is_permanent=False) from error
