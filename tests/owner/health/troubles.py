"""A shop that is well, and disks that are not: what warnings and the list of `/admin/ready` are tested with."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from storefront.core.config.settings import Mode
from storefront.mail.models import MAY_LEAVE
from storefront.owner.health.room import LOW_BYTES, Place
from storefront.owner.health.trouble import Trouble

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
WELL = Trouble(
    now=NOW,
    mode=Mode.TEST,
    worker_seen_at=NOW,
    mails=dict.fromkeys(MAY_LEAVE, 0),
    oldest_due_mail_at=None,
    mail_server_down_since=None,
    mail_server_down_why=None,
    mails_stubborn=0,
    oldest_unhandled=None,
    reconciled_at=NOW,
    reconcile_begun_at=NOW - timedelta(days=30),
    notices={},
    has_webhook_secret=True,
    has_owner_email=True,
    last_event_at=NOW,
    bad_signature_at=None,
    stale_signature_at=None,
    untrusted_proxy_at=None,
    code_ceiling_at=None,
    measured={},
)
PLENTY = Place(name="the database", free_bytes=LOW_BYTES, is_writable=True)
FULL_DISK = replace(PLENTY, name="the queue", free_bytes=LOW_BYTES - 1)
READ_ONLY = replace(PLENTY, name="the files", is_writable=False)
NO_FOLDER = replace(READ_ONLY, obstacle="there is a file where FILES_URL wants a folder, so name another one")
NO_DISK = replace(PLENTY, name="the files", free_bytes=0, obstacle="what FILES_URL names is on no disk")
