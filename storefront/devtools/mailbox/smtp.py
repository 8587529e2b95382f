"""The SMTP side: takes every mail, or misbehaves on order, so that a shop's retries can be tested."""

import asyncio
from dataclasses import dataclass

from aiosmtpd.smtp import SMTP, Envelope, Session

from storefront.devtools.mailbox.store import MailStore


@dataclass(slots=True, kw_only=True)
class Trouble:
    """The next `refuse_times` recipients are answered `refuse_with`; `refuse_address` limits it to one.

    `hang_seconds` passes before a mail is taken; `drop` closes the connection instead of taking it.
    """

    refuse_times: int = 0
    refuse_with: str = "451 4.3.0 Try again later, as ordered"
    refuse_address: str = ""
    hang_seconds: float = 0
    drop: bool = False


class Handler:
    """Called by aiosmtpd: `handle_RCPT` and `handle_DATA` are its names."""

    def __init__(self, store: MailStore) -> None:
        self.store = store
        self.trouble = Trouble()

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        trouble = self.trouble
        if trouble.refuse_times > 0 and trouble.refuse_address in address:
            trouble.refuse_times -= 1
            return trouble.refuse_with
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        if self.trouble.hang_seconds:
            await asyncio.sleep(self.trouble.hang_seconds)
        if self.trouble.drop and server.transport is not None:
            server.transport.close()
            return "421 4.3.2 Closing, as ordered"
        self._keep(envelope)
        return "250 2.0.0 Taken"

    def _keep(self, envelope: Envelope) -> None:
        raw = envelope.original_content or b""
        self.store.add(sender=envelope.mail_from or "", to=list(envelope.rcpt_tos), raw=raw)
