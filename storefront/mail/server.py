"""The mail server as `smtplib` speaks to it: its certificate is looked at, and passwords are in UTF-8."""

import smtplib
import ssl
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from storefront.mail.faults import Step, before_the_mail

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class _Utf8(str):
    """`smtplib` asks for ASCII. RFC 4616 says UTF-8, and who has a password in another language typed it so."""

    __slots__ = ()

    def encode(self, _encoding: str = "utf-8", errors: str = "strict") -> bytes:
        return super().encode("utf-8", errors)


# After the text a server may look for viruses before it answers, and has the mail already: who hangs up sends it
# twice. RFC 5321 wants ten minutes, but a claim has five. With 20 seconds for each step these are two.
PATIENCE_AFTER_TEXT = 6


class MailServer(smtplib.SMTP):
    """Remembers whether a recipient was taken: what goes wrong after it may be the mail's own fault."""

    has_taken_recipient = False

    def data(self, msg: "ReadableBuffer | str") -> tuple[int, bytes]:
        self.has_taken_recipient = True
        try:
            return super().data(msg)
        finally:
            self._wait_for(self.timeout)

    def send(self, s: "ReadableBuffer | str") -> None:
        """Send a command, as text, or the mail, as bytes; only the answer to the mail may take long."""
        super().send(s)
        if not isinstance(s, str):
            self._wait_for(self.timeout * PATIENCE_AFTER_TEXT)

    def _wait_for(self, seconds: float) -> None:
        if self.sock is not None:  # None where the server hung up
            self.sock.settimeout(seconds)

    def auth(
        self, mechanism: str, authobject: Callable[..., Any], *, initial_response_ok: bool = True
    ) -> tuple[int, bytes]:
        def in_utf8(*challenge: bytes) -> str | None:
            answer = authobject(*challenge)
            return None if answer is None else _Utf8(answer)

        return super().auth(
            mechanism,
            in_utf8,  # type: ignore[arg-type] # typeshed has two signatures for one function
            initial_response_ok=initial_response_ok,
        )


class _TlsMailServer(MailServer, smtplib.SMTP_SSL):
    pass


def connect(
    host: str,
    port: int,
    *,
    timeout_seconds: float,
    use_ssl: bool,
    use_tls: bool,
    login: tuple[str, str] | None,
) -> MailServer:
    """Return a server that is ready for a mail.

    Raises:
        MailServerDown: whatever went wrong; it says which setting to look at.
    """
    step = Step.CONNECT
    try:
        server = _open(host, port, timeout_seconds, use_ssl=use_ssl)
        with ExitStack() as when_refused:
            when_refused.callback(server.close)
            server.ehlo_or_helo_if_needed()
            if use_tls:
                step = Step.ENCRYPT
                server.starttls(context=ssl.create_default_context())
            if login is not None:
                step = Step.LOG_IN
                server.login(_Utf8(login[0]), _Utf8(login[1]))
            server.ehlo_or_helo_if_needed()
            when_refused.pop_all()
    except (OSError, smtplib.SMTPException, ValueError) as error:
        raise before_the_mail(step, error) from error
    return server


def _open(host: str, port: int, timeout_seconds: float, *, use_ssl: bool) -> MailServer:
    if use_ssl:
        return _TlsMailServer(host, port, timeout=timeout_seconds, context=ssl.create_default_context())
    return MailServer(host, port, timeout=timeout_seconds)
