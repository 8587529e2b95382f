"""The only importer of `flask_mail`: one mail to the SMTP server, with a time limit and a stable Message-ID."""

import smtplib
import ssl
from dataclasses import dataclass

from flask import Flask, current_app
from flask_mail import Connection, Message
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
    """`is_permanent`: the server said 5xx, trying again is useless. The text holds no address."""

    def __init__(self, text: str, *, is_permanent: bool) -> None:
        super().__init__(text)
        self.is_permanent = is_permanent


class _TimedConnection(Connection):
    """Flask-Mail 0.10 offers no time limit, and TLS without looking at the certificate: both are here."""

    def configure_host(self) -> smtplib.SMTP:
        server, port = self.mail.server, self.mail.port
        host: smtplib.SMTP
        if self.mail.use_ssl:
            host = smtplib.SMTP_SSL(server, port, timeout=TIMEOUT_SECONDS, context=ssl.create_default_context())
        else:
            host = smtplib.SMTP(server, port, timeout=TIMEOUT_SECONDS)
        if self.mail.use_tls:
            host.starttls(context=ssl.create_default_context())
        if self.mail.username and self.mail.password:
            host.login(self.mail.username, self.mail.password)
        return host


def set_up_mail(app: Flask, settings: Settings) -> None:
    app.config.update(
        MAIL_SERVER=settings.mail_server,
        MAIL_PORT=settings.mail_port,
        MAIL_USE_TLS=settings.mail_use_tls,
        MAIL_USE_SSL=settings.mail_use_ssl,
        MAIL_USERNAME=settings.mail_username,
        MAIL_PASSWORD=settings.mail_password,
        MAIL_DEFAULT_SENDER=(settings.shop_name, settings.mail_from),
    )
    FlaskMail(app)


def send(mail: Mail) -> None:
    """Hand one mail over.

    Raises:
        MailRefused: no server, no answer, or an answer that is not "accepted".
    """
    end_read()
    message = Message(subject=mail.subject, recipients=[mail.recipient], body=mail.text, html=mail.html)
    message.msgId = mail.message_id  # the same at every try, so that a mailbox shows a repeated mail once
    message.extra_headers = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}
    try:
        with _TimedConnection(current_app.extensions["mail"]) as connection:
            connection.send(message)
    except smtplib.SMTPRecipientsRefused as error:
        code = max(code for code, _text in error.recipients.values())
        raise MailRefused(f"recipient refused ({code})", is_permanent=code >= 500) from error
    except smtplib.SMTPResponseException as error:
        raise MailRefused(f"server refused ({error.smtp_code})", is_permanent=error.smtp_code >= 500) from error
    except (OSError, smtplib.SMTPException) as error:
        raise MailRefused(f"no usable answer ({type(error).__name__})", is_permanent=False) from error
